#include "net/smtp/smtp_tls.hpp"

#include <openssl/x509_vfy.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/smtp/mail_server.hpp"
#include "x509/certificate.hpp"

using Catch::Generators::values;

namespace mtasts {
namespace {

SmtpDialogue talk_with(std::shared_ptr<SSL_CTX> tls) {
  MailScript script;
  script.tls = std::move(tls);
  return talk_to(script);
}

TEST_CASE("what a handshake shows", "[net]") {
  struct Row {
    int highest;
    const char* version;
  };
  auto row = GENERATE(values<Row>({{TLS1_2_VERSION, "TLSv1.2"}, {TLS1_3_VERSION, "TLSv1.3"}}));
  auto dialogue = talk_with(server_context(good_identity(), row.highest));
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->version == row.version);
  CHECK(dialogue.tls->cipher.contains("AES"));
  REQUIRE(dialogue.tls->chain.size() == 1);
  auto leaf = read_certificate(dialogue.tls->chain[0]);
  REQUIRE(leaf);
  CHECK(names_host(*leaf, mx_host));
  CHECK_FALSE(dialogue.tls->chain_cut);
  CHECK(dialogue.tls->untrusted == X509_V_OK);
  CHECK(dialogue.tls->untrusted_words.empty());
  CHECK_FALSE(dialogue.tls->asks_for_certificate);
}

TEST_CASE("a certificate that is not good does not end the dialogue; it is judged without the name",
          "[net]") {
  struct Row {
    const char* why;
    Wish wish;
    int untrusted;
  };
  auto row = GENERATE(values<Row>({
      {"wrong name", {.dns_names = {"other.example"}}, X509_V_OK},
      {"common name only", {.dns_names = {}, .common_name = mx_host}, X509_V_OK},
      {"expired", {.dns_names = {mx_host}, .begins = -7200, .ends = -3600}, X509_V_ERR_CERT_HAS_EXPIRED},
      {"not yet valid",
       {.dns_names = {mx_host}, .begins = 3600, .ends = 7200},
       X509_V_ERR_CERT_NOT_YET_VALID},
      {"self-signed", {.dns_names = {mx_host}, .self_signed = true}, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
  }));
  INFO(row.why);
  auto dialogue = talk_with(server_context(authority().issue(row.wish)));
  CHECK(dialogue.reached == SmtpStage::ehlo_in_tls);
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->untrusted == row.untrusted);
  CHECK(dialogue.tls->untrusted_words.empty() == (row.untrusted == X509_V_OK));
  CHECK(dialogue.tls->untrusted_depth == 0);
}

TEST_CASE("an authority that is not ours is, if [check] ca_file has it", "[net]") {
  Authority stranger;
  MailScript script;
  script.tls = server_context(stranger.issue({.dns_names = {mx_host}}));
  TempFile ours(authority().pem()), theirs(stranger.pem());
  StreamServer server(script);
  Talker talker;
  auto dialogue = talker.talk(server.port());
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->untrusted != X509_V_OK);
  talker.job.tls = make_smtp_tls_context(ours.path(), theirs.path()).value();
  dialogue = talker.talk(server.port());
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->untrusted == X509_V_OK);
}

TEST_CASE("authorities that can't be used are a fault of the configuration", "[net]") {
  TempFile ours(authority().pem()), empty("");
  for (const auto& [file, more, key] :
       {std::tuple(std::string("/nonexistent"), std::string(), "[https] ca_file"),
        std::tuple(ours.path(), std::string("/nonexistent"), "[check] ca_file"),
        std::tuple(ours.path(), empty.path(), "[check] ca_file")}) {
    auto made = make_smtp_tls_context(file, more);
    REQUIRE(!made);
    CHECK(made.error().fault == Fault::config);
    CHECK(made.error().detail.starts_with(std::string(key) + ": can't use /"));
  }
}

std::vector<std::string> many_names(int count) {
  std::vector<std::string> names{mx_host};
  for (int i = 0; i < count; ++i) names.push_back("name-" + std::to_string(i) + ".example.com");
  return names;
}

std::shared_ptr<SSL_CTX> with_extra(const Identity& leaf, const std::vector<Identity>& others) {
  auto context = server_context(leaf);
  for (const auto& each : others) {
    X509_up_ref(each.certificate.get());
    SSL_CTX_ctrl(context.get(), SSL_CTRL_EXTRA_CHAIN_CERT, 0, each.certificate.get());
  }
  return context;
}

TEST_CASE("of a chain, what fits into 16 KiB is kept, the leaf first; all of it is judged", "[net]") {
  struct Row {
    const char* why;
    int names_of_leaf, names_of_second;
    std::size_t kept;
    bool cut;
  };
  auto row = GENERATE(values<Row>({
      {"both fit", 0, 200, 3, false},
      {"the second does not, nor what comes behind it", 0, 1000, 1, true},
      {"the leaf does not", 1000, 0, 0, true},
  }));
  INFO(row.why);
  auto leaf = authority().issue({.dns_names = many_names(row.names_of_leaf)});
  auto second = authority().issue({.dns_names = many_names(row.names_of_second)});
  auto dialogue = talk_with(with_extra(leaf, {second, good_identity()}));
  INFO(dialogue.detail);
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->chain.size() == row.kept);
  CHECK(dialogue.tls->chain_cut == row.cut);
  CHECK(dialogue.tls->untrusted == X509_V_OK);
  std::size_t octets = 0;
  for (const auto& each : dialogue.tls->chain) octets += each.size();
  CHECK(octets <= max_kept_chain);
}

TEST_CASE("a chain of 100 KiB and more is bounded", "[net]") {
  std::vector<Identity> many(30, authority().issue({.dns_names = many_names(200)}));
  auto dialogue = talk_with(with_extra(good_identity(), many));
  INFO(dialogue.detail);
  if (dialogue.tls) {
    CHECK(dialogue.tls->chain_cut);
  } else {
    CHECK(words(dialogue.trouble) == words(SmtpTrouble::tls));
    CHECK(dialogue.detail.contains("excessive message size"));
  }
}

std::shared_ptr<SSL_CTX> asking(int highest, bool insisting) {
  auto context = server_context(good_identity(), highest);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | (insisting ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return context;
}

TEST_CASE("a server that asks for a certificate gets none, and it is noted", "[net]") {
  int highest = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  auto dialogue = talk_with(asking(highest, false));
  CHECK(dialogue.reached == SmtpStage::ehlo_in_tls);
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->asks_for_certificate);
}

TEST_CASE("a server that insists on a certificate", "[net]") {
  struct Row {
    int highest;
    SmtpStage reached;  // TLS 1.3 tells the client after its handshake is done
    const char* detail;
  };
  auto row = GENERATE(values<Row>({
      {TLS1_2_VERSION, SmtpStage::starttls, "alert handshake failure"},
      {TLS1_3_VERSION, SmtpStage::tls, "alert certificate required"},
  }));
  auto dialogue = talk_with(asking(row.highest, true));
  CHECK(words(dialogue.reached) == words(row.reached));
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::tls));
  INFO(dialogue.detail);
  CHECK(dialogue.detail.contains(row.detail));
  CHECK(dialogue.detail.ends_with("; the server had asked for a certificate, and got none"));
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->asks_for_certificate);
}

int refuse_name(SSL*, int* alert, void*) {
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<SSL_CTX> refusing_names() {
  auto context = server_context(good_identity());
  SSL_CTX_callback_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(&refuse_name));
  return context;
}

std::shared_ptr<SSL_CTX> with_ciphers(const char* ciphers) {
  auto context = server_context(good_identity(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), ciphers);
  return context;
}

std::shared_ptr<SSL_CTX> old_server(int highest) {
  auto context = server_context(good_identity(), highest);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  return context;
}

TEST_CASE("a server with nothing but an old version of TLS", "[net]") {
  struct Row {
    int highest;
    const char* version;
  };
  auto row = GENERATE(values<Row>({{TLS1_VERSION, "TLSv1"}, {TLS1_1_VERSION, "TLSv1.1"}}));
  auto dialogue = talk_with(old_server(row.highest));
  INFO(dialogue.detail);
  CHECK(words(dialogue.reached) == words(SmtpStage::ehlo_in_tls));
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->version == row.version);
  CHECK(dialogue.tls->untrusted == X509_V_OK);
}

// With an RSA key, and a prime of 1024 bits.
std::shared_ptr<SSL_CTX> server_with_short_prime() {
  Identity identity = good_identity();
  identity.key = {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}), EVP_PKEY_free};
  X509_set_pubkey(identity.certificate.get(), identity.key.get());
  X509_sign(identity.certificate.get(), identity.key.get(), EVP_sha256());
  auto context = server_context(identity, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0");
  SSL_CTX_set_dh_auto(context.get(), 2);  // 1024 bits, whatever the key has
  return context;
}

TEST_CASE("a server with a prime of 1024 bits is accepted, as by Postfix", "[net]") {
  auto dialogue = talk_with(server_with_short_prime());
  INFO(dialogue.detail);
  CHECK(words(dialogue.reached) == words(SmtpStage::ehlo_in_tls));
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->cipher == "DHE-RSA-AES256-GCM-SHA384");
}

// The ciphers, the signature algorithms and the groups of a ClientHello.
struct Offer {
  std::string ciphers, signatures, groups;
};

std::string octets_of(const unsigned char* begin, std::size_t size) {
  return {reinterpret_cast<const char*>(begin), size};
}

std::string extension(SSL* ssl, unsigned type) {
  const unsigned char* begin = nullptr;
  std::size_t size = 0;
  return SSL_client_hello_get0_ext(ssl, type, &begin, &size) == 1 ? octets_of(begin, size) : "";
}

int note_offer(SSL* ssl, int*, void* offer) {
  const unsigned char* begin = nullptr;
  std::size_t size = SSL_client_hello_get0_ciphers(ssl, &begin);
  *static_cast<Offer*>(offer) = {octets_of(begin, size), extension(ssl, TLSEXT_TYPE_signature_algorithms),
                                 extension(ssl, TLSEXT_TYPE_supported_groups)};
  return SSL_CLIENT_HELLO_SUCCESS;
}

// What a client with this context offers.
Offer offer_of(SslCtx client) {
  Offer offer;
  MailScript script;
  SSL_CTX_set_client_hello_cb(script.tls.get(), note_offer, &offer);
  {
    StreamServer server(script);
    Talker talker;
    talker.job.tls = std::move(client);
    talker.talk(server.port());
  }
  return offer;
}

TEST_CASE("old versions change nothing else that is offered", "[net]") {
  TempFile pem(authority().pem());
  Offer with = offer_of(client_context()), without = offer_of(make_tls_context(pem.path()).value());
  CHECK_FALSE(with.ciphers.empty());
  CHECK(with.ciphers == without.ciphers);
  CHECK(with.signatures == without.signatures);
  CHECK(with.groups == without.groups);
}

TEST_CASE("a server that has a newer version is not lured to an old one", "[net]") {
  auto dialogue = talk_with(old_server(TLS1_2_VERSION));
  REQUIRE(dialogue.tls);
  CHECK(dialogue.tls->version == "TLSv1.2");
}

TEST_CASE("handshakes that fail, with the alert named", "[net]") {
  struct Row {
    const char* why;
    std::shared_ptr<SSL_CTX> tls;
    const char* detail;
  };
  auto row = GENERATE(values<Row>({
      {"no such name", refusing_names(), "unrecognized name"},
      {"anonymous ciphers alone", with_ciphers("aNULL:@SECLEVEL=0"), "alert handshake failure"},
  }));
  INFO(row.why);
  auto dialogue = talk_with(row.tls);
  CHECK(words(dialogue.reached) == words(SmtpStage::starttls));
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::tls));
  INFO(dialogue.detail);
  CHECK(dialogue.detail.contains(row.detail));
  CHECK_FALSE(dialogue.tls);
}

SmtpDialogue talk_after_starttls(std::string text) {
  return talk_to([text = std::move(text), script = MailScript()](Peer& peer) {
    peer.write(script.greeting);
    peer.read_line();
    peer.write(script.ehlo);
    peer.read_line();
    peer.write(script.starttls);
    // Our ClientHello is under way: what comes now is read as TLS.
    while (!peer.stopping() && !peer.has_input()) peer.wait(std::chrono::milliseconds(1));
    peer.write(text);
    while (!peer.stopping() && !peer.read_line().empty()) {
    }
  });
}

TEST_CASE("no TLS after the reply to STARTTLS", "[net]") {
  auto dialogue = talk_after_starttls("250 hello again\r\n");
  CHECK(words(dialogue.reached) == words(SmtpStage::starttls));
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::tls));
  CHECK(dialogue.detail == "the server does not speak TLS on this port (wrong version number)");
  CHECK(dialogue.surplus == 0);
}

TEST_CASE("plain SMTP where TLS should begin at once", "[net]") {
  auto dialogue = talk_to(MailScript(), true);
  CHECK(words(dialogue.reached) == words(SmtpStage::connected));
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::tls));
  CHECK(dialogue.detail.contains("does not speak TLS on this port"));
}

TEST_CASE("a name that is too long for SNI", "[net]") {
  Talker talker;
  CHECK(new_smtp_client(*talker.job.tls, std::string(256, 'a')) == nullptr);
}

}  // namespace
}  // namespace mtasts
