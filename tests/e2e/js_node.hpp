#pragma once

#include "cluster_of_processes.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bpci::e2e {

/// A BPI node in JavaScript (js/bpi_node.mjs), in a process of its own.
class js_node {
public:
  /// Whether this machine can run one. Says so when it cannot; ends the test program when only the
  /// packages of the client are missing, for that is a mistake and not a machine without node.
  static bool possible();

  /// Empty: there is no node on the PATH.
  static std::filesystem::path program();

  js_node();

  /// Connects, and waits for the handshake. `known`: whose signatures it checks against keys that
  /// it has from elsewhere than the cluster. Null if it fails; else the open event.
  boost::json::value connect(const std::vector<std::string>& urls, const identity& me,
                             const std::vector<identity>& known = {});

  void send(const std::string& id, const std::string& to, const std::string& body);

  /// The next event of this name; others are kept. Null at the deadline.
  boost::json::value next(const std::string& event);

private:
  void say(const boost::json::object& what);

  process process_;
  std::map<std::string, std::deque<boost::json::value>> events_;
};

} // namespace bpci::e2e
