#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bpci::cli {

/// A word of a command line that no command knows.
struct unknown_word {
  std::string word;
  std::string within; ///< the command that it was given to: `bpci oracle`
  bool is_option = false;
  std::string meant;                 ///< the nearest known word; may be empty
  std::vector<std::string> commands; ///< what could stand there, unless it is an option
};

/// The first such word of `arguments` (without the program's name); an empty word if there is none.
unknown_word find_unknown(const CLI::App& root, const std::vector<std::string>& arguments);

/// What could stand next on a command line.
struct completion {
  std::vector<std::string> words; ///< that begin with what was typed
  std::string command;            ///< `actors show`: where the next word belongs
  bool wants_value = false;       ///< The word before is an option that takes one.
};

/// `complete` are the words before the one that is being typed, `begun` what is there of it.
completion complete(const CLI::App& root, const std::vector<std::string>& complete,
                    const std::string& begun);

} // namespace bpci::cli
