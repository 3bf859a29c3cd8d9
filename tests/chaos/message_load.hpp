#pragma once

#include "gateways/clients/cpp/bpi_client.hpp"
#include "history.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bpci::chaos {

/// A BPI node's name and key.
struct bpi_identity {
  std::string id;
  std::array<std::uint8_t, 32> seed{};

  [[nodiscard]] crypto::key_pair keys() const { return crypto::from_seed(seed); }
};

bpi_identity make_bpi_identity(const std::string& id);

/// The body of a registration.
std::string registration_of(const bpi_identity& x);

struct message_load_options {
  bpi_identity from;
  bpi_identity to;
  std::vector<std::string> from_urls = {};
  std::vector<std::string> to_urls = {};
  std::size_t per_second = 20;
  std::size_t body_bytes = 64;
  bool stored = false; ///< kept by the cluster until they have arrived
};

/// A steady stream of messages from one BPI node to another, both by the C++ client.
class message_load {
public:
  /// Waits until both are connected. Throws std::runtime_error if that takes too long.
  explicit message_load(message_load_options how);
  ~message_load();
  message_load(const message_load&) = delete;
  message_load& operator=(const message_load&) = delete;

  void begin();
  /// Sends no more, waits for the answers and for what is stored, and tells what became of each.
  std::vector<message_record> finish(milliseconds deadline);

  [[nodiscard]] std::size_t acknowledged() const;

private:
  void run();
  void send_one(std::size_t number);
  bool take(const client::delivery& x);
  [[nodiscard]] bool is_complete() const;

  message_load_options how_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  std::size_t acknowledged_ = 0;
  std::map<std::string, message_record> records_;
  std::unique_ptr<client::bpi_client> to_;
  std::unique_ptr<client::bpi_client> from_;
  std::thread thread_;
};

} // namespace bpci::chaos
