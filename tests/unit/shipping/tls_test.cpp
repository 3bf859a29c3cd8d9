#define CAF_SUITE shipping_tls

#include "runtime/shipping/web_client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace bpci::shipping;
namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace http = boost::beast::http;

namespace {

using tcp = asio::ip::tcp;

/// Answers one request over TLS with its own body, as long as the client takes the certificate.
class tls_server {
public:
  explicit tls_server(const fs::path& folder)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    tls_.use_certificate_chain_file(folder / "cert.pem");
    tls_.use_private_key_file(folder / "key.pem", asio::ssl::context::pem);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~tls_server() { thread_.join(); }

  std::string url(const std::string& host) const {
    return "https://" + host + ':' + std::to_string(acceptor_.local_endpoint().port()) + "/_bulk";
  }

private:
  void serve() {
    boost::system::error_code why;
    asio::ssl::stream<tcp::socket> stream{acceptor_.accept(why), tls_};
    stream.handshake(asio::ssl::stream_base::server, why);
    if (why) return;
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> in;
    http::read(stream, buffer, in, why);
    http::response<http::string_body> out{http::status::ok, in.version(), in.body()};
    out.prepare_payload();
    http::write(stream, out, why);
  }

  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

struct fixture {
  fs::path folder;

  fixture() {
    auto name = (fs::temp_directory_path() / "bpci-tls-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    const auto command =
        "cd " + folder.string()
        + " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
          " -days 1 -keyout key.pem -out cert.pem -subj /CN=localhost"
          " -addext subjectAltName=DNS:localhost 2>/dev/null";
    if (std::system(command.c_str()) != 0) CAF_FAIL("openssl makes no certificate");
  }
  ~fixture() { fs::remove_all(folder); }

  web_answer ask(const std::string& ca_file, const std::string& host) const {
    const tls_server server{folder};
    web_client uut{{.ca_file = ca_file}};
    uut.begin({server.url(host), {"Content-Type: text/plain"}, "hello"});
    std::optional<web_answer> out;
    while (!out)
      out = uut.wait(std::chrono::milliseconds{1'000});
    return *out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shipping_tls_tests, fixture)

CAF_TEST(a server whose authority is known is spoken to) {
  const auto got = ask((folder / "cert.pem").string(), "localhost");
  CAF_CHECK_EQUAL(got.error, "");
  CAF_CHECK_EQUAL(got.status, 200);
  CAF_CHECK_EQUAL(got.body, "hello");
}

CAF_TEST(a server of an unknown authority hears nothing) {
  const auto got = ask("", "localhost");
  CAF_CHECK_EQUAL(got.status, 0);
  CAF_CHECK(got.error.find("certificate") != std::string::npos);
}

CAF_TEST(a certificate of another host is not accepted) {
  const auto got = ask((folder / "cert.pem").string(), "127.0.0.1");
  CAF_CHECK_EQUAL(got.status, 0);
  CAF_CHECK(!got.error.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
