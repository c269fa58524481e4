#include "net/https/tls.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/certificates.hpp"
#include "tests/unit/net/temp_file.hpp"

namespace mtasts {
namespace {

TEST_CASE("STS-15: TLS 1.2 is the least", "[net]") {
  TempFile pem(Authority().pem());
  auto context = make_tls_context(pem.path());
  REQUIRE(context);
  CHECK(SSL_CTX_get_min_proto_version(context->get()) == TLS1_2_VERSION);
  CHECK(SSL_CTX_get_verify_mode(context->get()) == SSL_VERIFY_PEER);
}

TEST_CASE("a CA file that can't be used", "[net]") {
  struct Row {
    const char *why, *text;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"empty", ""},
      {"no certificate in it", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
      {"no PEM", "hello\n"},
  }));
  INFO(row.why);
  TempFile file(row.text);
  auto context = make_tls_context(file.path());
  REQUIRE(!context);
  CHECK(context.error().fault == Fault::config);
  CHECK(context.error().detail.contains("[https] ca_file: can't use " + file.path()));
  CHECK(context.error().detail.contains("PEM"));
  CHECK(!context.error().detail.contains("unknown error"));
}

TEST_CASE("a CA file that is not there", "[net]") {
  auto context = make_tls_context("/nonexistent/ca.pem");
  REQUIRE(!context);
  CHECK(context.error().detail.contains("/nonexistent/ca.pem (No such file or directory)"));
}

}  // namespace
}  // namespace mtasts
