#include <openssl/ssl.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>

#include "net/https/tls.hpp"
#include "tests/unit/x509/made.hpp"
#include "x509/certificate.hpp"
#include "x509/openssl.hpp"

using namespace mtasts;
using test::Made;
using test::Wanted;

namespace {

// The handshake below judges by the machine's clock, so everything here is relative to it.
const Time today = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
using std::chrono::days;

Wanted valid(Wanted wanted) {
  wanted.begins = today - days(10);
  wanted.ends = today + days(80);
  return wanted;
}

Wanted authority(const std::string& name, const std::string& more = {}) {
  return valid({.common_name = name, .authority = true, .more = more});
}

// A root that is trusted, two authorities below each other, and one that nobody trusts.
struct World {
  Made root{authority("Trusted root")};
  Made upper{authority("Upper CA"), &root}, lower{authority("Lower CA"), &upper};
  Made stranger{authority("Private CA")};
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> roots{X509_STORE_new(), X509_STORE_free};

  World() { test::require_openssl(X509_STORE_add_cert(roots.get(), root.get()) == 1); }
  Made leaf() const { return Made(valid({}), &lower); }
  ChainVerdict judge(const std::vector<Made>& chain, Time at = today) const {
    std::vector<std::string> octets;
    for (const Made& made : chain) octets.push_back(made.der());
    return verify_chain(*roots, octets, at);
  }
};

// The server's part, which presents anything.
SslPtr presenting(const std::vector<Made>& chain) {
  SslCtx context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  test::require_openssl(SSL_CTX_use_certificate(context.get(), chain.front().get()) == 1);
  test::require_openssl(SSL_CTX_use_PrivateKey(context.get(), chain.front().key()) == 1);
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context.get(), chain[i].get());
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
  return SslPtr(SSL_new(context.get()));
}

// What the client of net/https says of the chain in a handshake, without the name.
long handshake_verdict(const World& world, const std::vector<Made>& chain) {
  auto context = make_tls_context("").value();
  SSL_CTX_set1_cert_store(context.get(), world.roots.get());
  SslPtr client(SSL_new(context.get())), server = presenting(chain);
  BIO *near = nullptr, *far = nullptr;
  test::require_openssl(BIO_new_bio_pair(&near, 0, &far, 0) == 1);
  SSL_set_bio(client.get(), near, near);
  SSL_set_bio(server.get(), far, far);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  for (int turn = 0; turn < 10 && !SSL_is_init_finished(client.get()); ++turn) {
    SSL_do_handshake(client.get());
    SSL_do_handshake(server.get());
  }
  ERR_clear_error();
  return SSL_get_verify_result(client.get());
}

}  // namespace

TEST_CASE("a chain is judged as a handshake of net/https judges it", "[x509]") {
  struct Row {
    const char* why;
    std::function<std::vector<Made>(const World&)> chain;
    int error;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"a good chain", [](const World& w) { return std::vector{w.leaf(), w.lower, w.upper}; }, X509_V_OK},
      {"a name that is not the host's is judged elsewhere",
       [](const World& w) { return std::vector{Made(valid({.names = "DNS:other.example"}), &w.root)}; }, X509_V_OK},
      {"the root is sent too", [](const World& w) { return std::vector{w.leaf(), w.lower, w.upper, w.root}; }, X509_V_OK},
      {"wrong order", [](const World& w) { return std::vector{w.leaf(), w.root, w.upper, w.lower}; }, X509_V_OK},
      {"superfluous certificates",
       [](const World& w) { return std::vector{w.leaf(), w.stranger, w.lower, w.leaf(), w.upper, w.upper}; }, X509_V_OK},
      {"514: without the authority",
       [](const World& w) { return std::vector{w.leaf()}; }, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
      {"514: without the one above",
       [](const World& w) { return std::vector{w.leaf(), w.lower}; }, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
      {"512: self-signed", [](const World&) { return std::vector{Made(valid({}))}; },
       X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
      {"513: a private CA, sent",
       [](const World& w) { return std::vector{Made(valid({}), &w.stranger), w.stranger}; },
       X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
      {"513: a private CA",
       [](const World& w) { return std::vector{Made(valid({}), &w.stranger)}; }, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
      {"509: expired",
       [](const World& w) { return std::vector{Made({.begins = today - days(9), .ends = today - days(1)}, &w.root)}; },
       X509_V_ERR_CERT_HAS_EXPIRED},
      {"509: not yet valid",
       [](const World& w) { return std::vector{Made({.begins = today + days(1), .ends = today + days(9)}, &w.root)}; },
       X509_V_ERR_CERT_NOT_YET_VALID},
      {"an authority that has expired",
       [](const World& w) {
         Made old({.common_name = "Old CA", .begins = today - days(9), .ends = today - days(1), .authority = true}, &w.root);
         return std::vector{Made(valid({}), &old), old};
       },
       X509_V_ERR_CERT_HAS_EXPIRED},
      {"an authority that may not be one",
       [](const World& w) {
         Made not_one(valid({.common_name = "Not a CA", .more = "basicConstraints=critical,CA:FALSE"}), &w.root);
         return std::vector{Made(valid({}), &not_one), not_one};
       },
       X509_V_ERR_INVALID_CA},
      {"path length",
       [](const World& w) {
         Made top(valid({.common_name = "Short CA", .names = "", .more = "basicConstraints=critical,CA:TRUE,pathlen:0"}), &w.root);
         Made below(authority("CA below"), &top);
         return std::vector{Made(valid({}), &below), below, top};
       },
       X509_V_ERR_PATH_LENGTH_EXCEEDED},
      {"name constraints",
       [](const World& w) {
         Made bound(authority("Bound CA", "nameConstraints=critical,permitted;DNS:other.example"), &w.root);
         return std::vector{Made(valid({}), &bound), bound};
       },
       X509_V_ERR_PERMITTED_VIOLATION},
      {"not for servers",
       [](const World& w) { return std::vector{Made(valid({.more = "extendedKeyUsage=clientAuth"}), &w.root)}; },
       X509_V_ERR_INVALID_PURPOSE},
      {"for servers", [](const World& w) { return std::vector{Made(valid({.more = "extendedKeyUsage=serverAuth"}), &w.root)}; },
       X509_V_OK},
      {"519: a short key", [](const World& w) { return std::vector{Made(valid({.key = "RSA 1024"}), &w.root)}; },
       X509_V_ERR_EE_KEY_TOO_SMALL},
      {"519: SHA-1", [](const World& w) { return std::vector{Made(valid({.key = "RSA 2048", .digest = "SHA1"}), &w.root)}; },
       X509_V_ERR_CA_MD_TOO_WEAK},
      {"Ed25519", [](const World& w) { return std::vector{Made(valid({.key = "Ed25519"}), &w.root)}; }, X509_V_OK},
      {"a chain of 20",
       [](const World& w) {
         std::vector<Made> chain{w.root};
         for (int i = 0; i < 18; ++i) chain.insert(chain.begin(), Made(authority("CA " + std::to_string(i)), &chain.front()));
         chain.insert(chain.begin(), Made(valid({}), &chain.front()));
         return chain;
       },
       X509_V_OK},
      {"a signature by another key",
       [](const World& w) {
         Made forged(authority("Lower CA"), &w.upper);
         return std::vector{w.leaf(), forged, w.upper};
       },
       X509_V_ERR_CERT_SIGNATURE_FAILURE},
  }));
  INFO(row.why);
  static const World world;
  auto chain = row.chain(world);
  ChainVerdict verdict = world.judge(chain);
  CHECK(verdict.error == row.error);
  CHECK(verdict.good() == (row.error == X509_V_OK));
  CHECK(verdict.words == (verdict.good() ? "" : X509_verify_cert_error_string(row.error)));
  CHECK(handshake_verdict(world, chain) == verdict.error);
}

TEST_CASE("a chain is judged at the given time", "[x509]") {
  World world;
  std::vector<Made> chain{world.leaf(), world.lower, world.upper};
  CHECK(world.judge(chain, today).good());
  CHECK(world.judge(chain, today + days(79)).good());
  CHECK(world.judge(chain, today + days(81)).error == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(world.judge(chain, today - days(11)).error == X509_V_ERR_CERT_NOT_YET_VALID);
}

TEST_CASE("the verdict says which certificate is at fault", "[x509]") {
  World world;
  Made old({.common_name = "Old CA", .begins = today - days(9), .ends = today - days(1), .authority = true},
           &world.root);
  CHECK(world.judge({Made(valid({}), &old), old}).depth == 1);
  CHECK(world.judge({Made(valid({}))}).depth == 0);
}

TEST_CASE("what is not a chain is not good", "[x509]") {
  World world;
  std::string good = Made(valid({}), &world.root).der();
  CHECK_FALSE(verify_chain(*world.roots, {}, today).good());
  CHECK_FALSE(verify_chain(*world.roots, std::vector<std::string>{""}, today).good());
  CHECK_FALSE(verify_chain(*world.roots, std::vector<std::string>{"junk", good}, today).good());
  ChainVerdict verdict = verify_chain(*world.roots, std::vector<std::string>{good, "junk"}, today);
  CHECK_FALSE(verdict.good());
  CHECK(verdict.depth == 1);
  CHECK(verdict.words == "not a certificate");
}

TEST_CASE("judging leaves the roots as they were", "[x509]") {
  World world;
  std::vector<Made> chain{world.leaf(), world.lower, world.upper};
  CHECK(world.judge(chain).good());
  CHECK_FALSE(world.judge({world.leaf()}).good());
}
