#include "gateways/cli/certificate_commands.hpp"

#include "gateways/cli/options.hpp"
#include "runtime/time/clock.hpp"
#include "runtime/tunnel/credentials.hpp"
#include "runtime/tunnel/join_token.hpp"

#include <filesystem>
#include <memory>
#include <sys/stat.h>

namespace bpci::cli {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// The account of the private PostgreSQL passes through; what is secret has a mode of its own.
constexpr mode_t data_folder_mode = 0711;

struct certificate_options {
  std::string data_dir;
  std::string name = "bpci";
  std::string member = "node-1";
  std::string file;
};

fs::path folder_of(const certificate_options& given) {
  return tunnel::certificates_dir(fs::absolute(given.data_dir));
}

fault to_fault(const failure& why, std::string next = {}) {
  return cli::to_fault(why, exit_code::failed, std::move(next));
}

constexpr auto fix_the_file = "Correct what the detail says, and try again.";
constexpr auto go_to_the_authority =
    "Run it where bpci cluster init was run; that folder has ca.key.";

json::object to_json(const fs::path& folder, const tunnel::certificate_facts& x) {
  return {{"folder", folder.string()},
          {"cluster", x.cluster},
          {"member", x.member.get()},
          {"certificate", x.fingerprint},
          {"valid_until", rfc3339(x.valid_until)}};
}

exit_code show_certificate(const context& with, const fs::path& folder, const std::string& pem,
                           const std::string& next) {
  const auto facts = tunnel::read_certificate(pem);
  if (!facts) return with.show(to_fault(facts.error()));
  return with.show(to_json(folder, *facts), [&] {
    return facts->member.get() + " of the cluster " + facts->cluster + " has a certificate until "
           + rfc3339(facts->valid_until) + ", in " + folder.string() + '\n' + next + '\n';
  });
}

result<void> make_data_folder(const fs::path& where) {
  std::error_code why;
  if (fs::exists(where, why)) return {};
  fs::create_directories(where, why);
  if (why) return fail(ec::storage_failed, where.string() + ": " + why.message());
  ::chmod(where.c_str(), data_folder_mode);
  return {};
}

// -- init ----------------------------------------------------------------------------------

result<tunnel::issued> make_cluster(const certificate_options& given, timestamp_ms now) {
  const auto folder = folder_of(given);
  auto authority = tunnel::make_authority(given.name, now);
  if (!authority) return authority.error();
  auto own = tunnel::issue(*authority, member_id{given.member}, now);
  if (!own) return own.error();
  if (auto ok = make_data_folder(fs::absolute(given.data_dir)); !ok) return ok.error();
  if (tunnel::stamp_of(folder) != 0)
    return fail(ec::conflict, folder.string() + " has certificates already");
  if (auto ok = tunnel::store_authority(folder, *authority); !ok) return ok.error();
  if (auto ok = tunnel::store_credentials(folder, authority->certificate, *own); !ok)
    return ok.error();
  return own;
}

exit_code init(const context& with, const certificate_options& given) {
  const auto own = make_cluster(given, with.around().now());
  if (!own) {
    const auto there = own.error().code == ec::conflict;
    return with.show(to_fault(own.error(), there ? "A cluster is made once; for another member run "
                                                   "bpci cluster join-token, for a new "
                                                   "certificate bpci cluster renew."
                                                 : fix_the_file));
  }
  return show_certificate(with, folder_of(given), own->certificate,
                          "For each further node: bpci cluster join-token --data-dir "
                              + given.data_dir + " --member ID --out FILE");
}

// -- join-token, join ------------------------------------------------------------------------

exit_code write_token(const context& with, const certificate_options& given) {
  const auto authority = tunnel::load_authority(folder_of(given));
  if (!authority) return with.show(to_fault(authority.error(), go_to_the_authority));
  const auto token =
      tunnel::make_join_token(*authority, member_id{given.member}, with.around().now());
  if (!token) return with.show(to_fault(token.error(), fix_the_file));
  const auto line = tunnel::to_line(*token) + '\n';
  if (given.file.empty())
    return with.show({{"member", given.member}, {"token", line.substr(0, line.size() - 1)}},
                     [&] { return line; });
  if (const auto ok = tunnel::write_secret(given.file, line); !ok)
    return with.show(to_fault(ok.error(), fix_the_file));
  return with.show(
      {{"member", given.member}, {"file", given.file}, {"expires", rfc3339(token->expires)}}, [&] {
        return "The token for " + given.member + " is in " + given.file
               + ". It holds a key: carry it safely, and remove it afterwards.\n"
                 "There, until "
               + rfc3339(token->expires) + ": bpci cluster join --token-file FILE --data-dir DIR\n";
      });
}

/// Certificates of another cluster, or of another member, are somebody's; they are not replaced.
result<void> check_place(const fs::path& folder, const tunnel::join_token& token,
                         timestamp_ms now) {
  const auto there = tunnel::load_credentials(folder, now);
  if (!there || !*there) return {};
  const auto& facts = (*there)->facts;
  const auto same = tunnel::check_issued((*there)->authorities, token.certificate, now).has_value();
  if (same && facts.member == token.member) return {};
  return fail(ec::conflict, folder.string() + " is of " + facts.member.get() + " of the cluster "
                                + facts.cluster + (same ? "" : ", which has another authority"));
}

exit_code join(const context& with, const certificate_options& given) {
  const auto now = with.around().now();
  const auto line = tunnel::read_secret(given.file);
  if (!line) return with.show(to_fault(line.error(), fix_the_file));
  const auto token = tunnel::read_join_token(*line, now);
  if (!token)
    return with.show(to_fault(token.error(), "Have a new one written: bpci cluster join-token."));
  const auto folder = folder_of(given);
  if (const auto ok = check_place(folder, *token, now); !ok)
    return with.show(to_fault(ok.error(), "Give the data folder of the new node, or move that "
                                          "folder away if its certificates are not needed."));
  if (const auto ok = make_data_folder(fs::absolute(given.data_dir)); !ok)
    return with.show(to_fault(ok.error()));
  if (const auto ok =
          tunnel::store_credentials(folder, token->authorities, {token->certificate, token->key});
      !ok)
    return with.show(to_fault(ok.error()));
  return show_certificate(with, folder, token->certificate,
                          "Remove " + given.file + ". The node's node.id must be "
                              + token->member.get() + ", its cluster.name " + token->cluster + '.');
}

// -- renew -----------------------------------------------------------------------------------

exit_code renew(const context& with, const certificate_options& given) {
  const auto folder = folder_of(given);
  const auto authority = tunnel::load_authority(folder);
  if (!authority)
    return with.show(to_fault(authority.error(),
                              "Where the authority is, run bpci cluster join-token for this "
                              "member; here, bpci cluster join takes it as a renewal."));
  // Also of a certificate that has run out, or whose key is lost.
  const auto before = tunnel::member_of_folder(folder);
  if (!before) return with.show(to_fault(before.error(), fix_the_file));
  const auto own = tunnel::issue(*authority, *before, with.around().now());
  if (!own) return with.show(to_fault(own.error()));
  if (const auto ok = tunnel::store_credentials(folder, authority->certificate, *own); !ok)
    return with.show(to_fault(ok.error()));
  return show_certificate(with, folder, own->certificate,
                          "A node that runs takes it into use by itself.");
}

CLI::App& add(CLI::App& to, const std::string& name, const std::string& what,
              const std::string& example, command_line& line,
              exit_code (*action)(const context&, const certificate_options&),
              const std::shared_ptr<certificate_options>& given) {
  auto& app = add_command(to, name, what, example, line,
                          [action, given](const context& with) { return action(with, *given); });
  add_option(app, "--data-dir", given->data_dir, "node.data_dir of the node")
      .required()
      .type_name("DIR");
  return app;
}

} // namespace

void add_certificate_commands(CLI::App& cluster, command_line& line) {
  const auto fresh = [] { return std::make_shared<certificate_options>(); };
  auto given = fresh();
  auto& init_app = add(cluster, "init", "Make the authority of a new cluster, and its first member",
                       "bpci cluster init --data-dir ./data --name bpci", line, init, given);
  add_option(init_app, "--name", given->name, "cluster.name of all its nodes").show_default();
  add_option(init_app, "--member", given->member, "node.id of this node").show_default();

  given = fresh();
  auto& token_app = add(cluster, "join-token", "Write what lets one further node join",
                        "bpci cluster join-token --data-dir ./data --member node-2 --out "
                        "node-2.token",
                        line, write_token, given);
  add_option(token_app, "--member", given->member, "node.id of the node that is to join")
      .required();
  add_option(token_app, "--out", given->file,
             "a file for it, readable by its owner only; else it is "
             "printed")
      .type_name("FILE");

  given = fresh();
  auto& join_app =
      add(cluster, "join", "Take a join token, or a new one as a renewal",
          "bpci cluster join --token-file node-2.token --data-dir ./data", line, join, given);
  add_option(join_app, "--token-file", given->file, "what join-token has written")
      .required()
      .type_name("FILE");

  add(cluster, "renew", "Issue a new certificate for the node that has the authority",
      "bpci cluster renew --data-dir ./data", line, renew, fresh());
}

} // namespace bpci::cli
