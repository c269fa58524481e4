// bench_tls - measures what the client's side of one TLS handshake costs. An uncached lookup with a policy
// can't cost less.
//
// It does TLS 1.3 without resumption over memory, with client and server in one thread; only the client's CPU
// time is counted. The client uses the context of net/https: it verifies a P-256 leaf with an intermediate
// and a root, and the host name. Exit: 0 done, 2 not run.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "net/https/tls.hpp"
#include "tests/bench/cpu_time.hpp"
#include "tests/bench/sockets.hpp"

namespace {

using namespace mtasts;
using namespace mtasts::bench;
using std::chrono::nanoseconds;

const std::string host = "mta-sts.d1234567.example";

void require(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL: " + std::to_string(ERR_get_error()));
}

struct Identity {
  std::shared_ptr<EVP_PKEY> key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
  std::shared_ptr<X509> certificate{X509_new(), X509_free};
};

void extend(X509* certificate, int kind, const char* value) {
  std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value), X509_EXTENSION_free);
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

// A certificate signed by issuer, or by itself.
Identity issue(const char* name, const Identity* issuer, int kind, const char* value) {
  static long serial = 0;
  Identity made;
  X509* certificate = made.certificate.get();
  require(made.key && certificate != nullptr);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, made.key.get());
  auto* text = reinterpret_cast<const unsigned char*>(name);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text, -1, -1, 0);
  const Identity& by = issuer != nullptr ? *issuer : made;
  X509_set_issuer_name(certificate, X509_get_subject_name(by.certificate.get()));
  extend(certificate, kind, value);
  require(X509_sign(certificate, by.key.get(), EVP_sha256()) != 0);
  return made;
}

// The file from which make_tls_context() reads the root; deleted with this value.
class RootFile {
 public:
  explicit RootFile(X509* root)
      : path_(std::filesystem::temp_directory_path() / ("bench_tls-" + std::to_string(::getpid()) + ".pem")) {
    std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path_.c_str(), "w"), BIO_free);
    require(file && PEM_write_bio_X509(file.get(), root) == 1);
  }
  ~RootFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  RootFile(const RootFile&) = delete;
  RootFile& operator=(const RootFile&) = delete;
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Ends {
  SslCtx client, server;
};

Ends make_ends() {
  auto root = issue("root", nullptr, NID_basic_constraints, "critical,CA:TRUE");
  auto middle = issue("intermediate", &root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  auto leaf = issue("leaf", &middle, NID_subject_alt_name, ("DNS:" + host).c_str());
  RootFile file(root.certificate.get());
  auto client = make_tls_context(file.path());
  if (!client) throw std::runtime_error(client.error().detail);
  SslCtx server(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  require(server && SSL_CTX_use_certificate(server.get(), leaf.certificate.get()) == 1 &&
          SSL_CTX_use_PrivateKey(server.get(), leaf.key.get()) == 1);
  X509_up_ref(middle.certificate.get());
  require(SSL_CTX_ctrl(server.get(), SSL_CTRL_EXTRA_CHAIN_CERT, 0, middle.certificate.get()) == 1);
  return {*client, server};
}

// One handshake; returns the client's CPU time, from making its SSL to freeing it.
nanoseconds handshake(const Ends& ends) {
  std::unique_ptr<SSL, decltype(&SSL_free)> server(SSL_new(ends.server.get()), SSL_free);
  BIO *client_end = nullptr, *server_end = nullptr;
  require(server && BIO_new_bio_pair(&client_end, 1 << 16, &server_end, 1 << 16) == 1);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_accept_state(server.get());
  nanoseconds used{0};
  auto begin = cpu_time_of_this_thread();
  std::unique_ptr<SSL, decltype(&SSL_free)> client(new_client(*ends.client, host), SSL_free);
  require(client != nullptr);
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_connect_state(client.get());
  for (int turn = 0; turn < 4 && (SSL_in_init(client.get()) || SSL_in_init(server.get())); ++turn) {
    SSL_do_handshake(client.get());
    used += cpu_time_of_this_thread() - begin;
    SSL_do_handshake(server.get());
    begin = cpu_time_of_this_thread();
  }
  require(SSL_is_init_finished(client.get()) && SSL_is_init_finished(server.get()) &&
          SSL_version(client.get()) == TLS1_3_VERSION && SSL_get_verify_result(client.get()) == X509_V_OK);
  client.reset();
  return used + cpu_time_of_this_thread() - begin;
}

void run(unsigned count) {
  auto ends = make_ends();
  std::vector<nanoseconds> times;
  for (unsigned i = 0; i < count; ++i) times.push_back(handshake(ends));
  std::ranges::sort(times);
  auto us = [](nanoseconds time) { return std::chrono::duration<double, std::micro>(time).count(); };
  boost::json::object object{{"handshakes", count},
                             {"client_cpu_us", us(times[count / 2])},
                             {"least_us", us(times.front())},
                             {"openssl", OpenSSL_version(OPENSSL_VERSION)}};
  std::cout << boost::json::serialize(object) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bench_tls - the client's CPU time of one TLS 1.3 handshake, as JSON"};
  unsigned count = 2000;
  int core = -1;
  app.add_option("--count", count, "handshakes (default: 2000)")->check(CLI::Range(1u, 1'000'000u));
  app.add_option("--cpu", core, "core to run on");
  try {
    app.parse(argc, argv);
    if (auto pinned = pin_to_core(core); !pinned) throw std::runtime_error(pinned.error().detail);
    run(count);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::cerr << "bench_tls: " << e.what() << '\n';
    return 2;
  }
}
