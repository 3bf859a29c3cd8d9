#pragma once

#include "runtime/shipping/consignment.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bpci::shipping {

struct web_request {
  std::string url;
  std::vector<std::string> headers; ///< "Name: value"
  std::string body;
};

/// One POST after the other over a connection that is kept, with TLS for https: the certificate
/// must be valid and name the host. Redirects and proxies are not followed. The only user of
/// libcurl is this class.
class web_client {
public:
  struct options {
    std::string ca_file; ///< of the authorities; empty: those of the system
    std::chrono::milliseconds connect_max{3'000};
    std::chrono::milliseconds answer_max{10'000}; ///< of the whole request
  };

  explicit web_client(const options& how);
  ~web_client();
  web_client(const web_client&) = delete;
  web_client& operator=(const web_client&) = delete;

  /// Only when no other request is under way.
  void begin(web_request what);
  [[nodiscard]] bool busy() const noexcept;

  /// Until there is an answer, somebody calls `wake`, or the time is over.
  std::optional<web_answer> wait(std::chrono::milliseconds most);

  /// Ends a `wait` that is going on, or the next. By any thread.
  void wake() noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace bpci::shipping
