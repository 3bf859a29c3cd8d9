#include "gateways/cli/completion_scripts.hpp"

namespace bpci::cli {

namespace {

/// Paths and ids hold colons, at which bash parts words: the proposals leave out what stands
/// before the last one. Splitting at line ends only keeps `*` from becoming file names.
constexpr std::string_view bash_script = R"script(# eval "$(bpci completion bash)"
_bpci() {
  local line="${COMP_LINE:0:COMP_POINT}" words word
  read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  local last="${words[-1]}" found
  mapfile -t found < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  local before=""
  [[ "$last" == *:* && "$COMP_WORDBREAKS" == *:* ]] && before="${last%"${last##*:}"}"
  for word in "${found[@]}"; do COMPREPLY+=("${word#"$before"}"); done
}
complete -o default -F _bpci bpci metanode bpci-enterprise bpi-oracle-node
)script";

constexpr std::string_view zsh_script =
    R"script(#compdef bpci metanode bpci-enterprise bpi-oracle-node
# eval "$(bpci completion zsh)"
_bpci() {
  local -a found
  found=(${(f)"$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( ${#found} )); then compadd -a found; else _files; fi
}
compdef _bpci bpci metanode bpci-enterprise bpi-oracle-node
)script";

constexpr std::string_view fish_script = R"script(# bpci completion fish | source
function __bpci_complete
  set -l all (commandline -opc) (commandline -ct)
  $all[1] __complete -- $all[2..-1] 2>/dev/null
end
for name in bpci metanode bpci-enterprise bpi-oracle-node
  complete -c $name -a '(__bpci_complete)'
end
)script";

} // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  return shell == "fish" ? fish_script : std::string_view{};
}

} // namespace bpci::cli
