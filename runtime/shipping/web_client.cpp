#include "runtime/shipping/web_client.hpp"

#include <array>
#include <curl/curl.h>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace bpci::shipping {

namespace {

/// Far above the answer to any request of ours.
constexpr std::size_t answer_bytes_max = 8 * 1024 * 1024;

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::size_t collect(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  const auto bytes = size * count;
  if (body.size() + bytes > answer_bytes_max) return 0; // ends the request
  body.append(data, bytes);
  return bytes;
}

} // namespace

struct web_client::state {
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  web_request request;
  web_answer answer;
  std::array<char, CURL_ERROR_SIZE> error{};
  bool busy = false;

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy, option, value);
  }

  void forget_request() {
    curl_multi_remove_handle(multi, easy);
    curl_slist_free_all(std::exchange(headers, nullptr));
    busy = false;
  }

  std::optional<web_answer> finished() {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    const auto* message = curl_multi_info_read(multi, &left);
    if (message == nullptr || message->msg != CURLMSG_DONE) return std::nullopt;
    const auto outcome = message->data.result; // gone with the handle
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    forget_request();
    if (outcome == CURLE_OK) {
      answer.status = static_cast<int>(status);
    } else {
      answer.error = error[0] != '\0' ? error.data() : curl_easy_strerror(outcome);
    }
    return std::exchange(answer, {});
  }
};

web_client::web_client(const options& how) : state_(std::make_unique<state>()) {
  initialise();
  auto& x = *state_;
  x.multi = curl_multi_init();
  x.easy = curl_easy_init();
  if (x.multi == nullptr || x.easy == nullptr) throw std::runtime_error("libcurl has no memory");
  x.set(CURLOPT_ERRORBUFFER, x.error.data());
  x.set(CURLOPT_NOSIGNAL, 1L);
  x.set(CURLOPT_PROTOCOLS_STR, "http,https");
  x.set(CURLOPT_PROXY, "");
  x.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(how.connect_max.count()));
  x.set(CURLOPT_TIMEOUT_MS, static_cast<long>(how.answer_max.count()));
  x.set(CURLOPT_WRITEFUNCTION, &collect);
  x.set(CURLOPT_WRITEDATA, static_cast<void*>(&x.answer.body));
  x.set(CURLOPT_USERAGENT, "bpci");
  if (!how.ca_file.empty()) x.set(CURLOPT_CAINFO, how.ca_file.c_str());
}

web_client::~web_client() {
  if (state_->busy) state_->forget_request();
  curl_easy_cleanup(state_->easy);
  curl_multi_cleanup(state_->multi);
}

void web_client::begin(web_request what) {
  auto& x = *state_;
  x.request = std::move(what);
  x.error[0] = '\0';
  x.answer.body.clear();
  // Without this libcurl asks for permission to send a body, and waits a second for it.
  x.headers = curl_slist_append(nullptr, "Expect:");
  for (const auto& line : x.request.headers)
    x.headers = curl_slist_append(x.headers, line.c_str());
  x.set(CURLOPT_URL, x.request.url.c_str());
  x.set(CURLOPT_HTTPHEADER, x.headers);
  x.set(CURLOPT_POSTFIELDS, x.request.body.data());
  x.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(x.request.body.size()));
  curl_multi_add_handle(x.multi, x.easy);
  x.busy = true;
}

bool web_client::busy() const noexcept {
  return state_->busy;
}

std::optional<web_answer> web_client::wait(std::chrono::milliseconds most) {
  auto& x = *state_;
  if (x.busy)
    if (auto answer = x.finished()) return answer;
  curl_multi_poll(x.multi, nullptr, 0, static_cast<int>(most.count()), nullptr);
  return x.busy ? x.finished() : std::nullopt;
}

void web_client::wake() noexcept {
  curl_multi_wakeup(state_->multi);
}

} // namespace bpci::shipping
