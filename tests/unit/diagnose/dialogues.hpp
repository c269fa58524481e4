// dialogues - dialogues with mail servers for tests: one in which nothing is wrong, and chains of any kind.
#pragma once

#include <openssl/x509_vfy.h>

#include <memory>
#include <string>
#include <vector>

#include "ports/smtp.hpp"
#include "tests/unit/x509/made.hpp"
#include "x509/certificate.hpp"

namespace mtasts::test {

// The CA that is trusted here.
inline const Made& trusted_ca() {
  static const Made ca = new_authority("Trusted CA");
  return ca;
}
inline const Made& private_ca() {
  static const Made ca = new_authority("Private CA");
  return ca;
}

// What a server with this chain shows.
inline SmtpTlsFacts shown(const std::vector<Made>& chain) {
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> roots(X509_STORE_new(), X509_STORE_free);
  require_openssl(roots && X509_STORE_add_cert(roots.get(), trusted_ca().get()) == 1);
  SmtpTlsFacts facts;
  facts.version = "TLSv1.3";
  facts.cipher = "TLS_AES_256_GCM_SHA384";
  for (const Made& each : chain) facts.chain.push_back(each.der());
  auto verdict = verify_chain(*roots, facts.chain, now);
  facts.untrusted = verdict.error;
  facts.untrusted_depth = verdict.depth;
  facts.untrusted_words = verdict.words;
  return facts;
}

inline Made certificate_for(const std::string& host, Wanted wanted = {}) {
  wanted.common_name = host;
  wanted.names = "DNS:" + host;
  return Made(wanted, &trusted_ca());
}

// Nothing is wrong with it.
inline SmtpDialogue good_dialogue(const std::string& host) {
  SmtpDialogue dialogue;
  dialogue.reached = SmtpStage::ehlo_in_tls;
  dialogue.greeting = {220, {host + " ESMTP"}};
  dialogue.ehlo = {250, {host, "SIZE 1000", "STARTTLS"}};
  dialogue.starttls = {220, {"ready"}};
  dialogue.ehlo_in_tls = {250, {host, "SIZE 1000"}};
  dialogue.tls = shown({certificate_for(host)});
  return dialogue;
}

// One that ends in trouble after a stage.
inline SmtpDialogue ended(SmtpDialogue whole, SmtpStage reached, SmtpTrouble trouble,
                          std::string detail = {}) {
  whole.reached = reached;
  whole.trouble = trouble;
  whole.detail = std::move(detail);
  if (reached < SmtpStage::tls) {
    whole.ehlo_in_tls = {};
    whole.tls.reset();
  }
  if (reached < SmtpStage::ehlo_in_tls && trouble != SmtpTrouble::reply) whole.ehlo_in_tls = {};
  if (reached < SmtpStage::starttls) whole.starttls = {};
  if (reached < SmtpStage::ehlo) whole.ehlo = {};
  if (reached < SmtpStage::greeted) whole.greeting = {};
  return whole;
}

}  // namespace mtasts::test
