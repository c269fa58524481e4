// Input: certificates as a server might send them, each behind two octets of length, then the RDATA of a TLSA
// record. Properties: what is read has its bounds and is printable; a host matches exactly if OpenSSL says
// so; a chain never verifies without roots; a chain's own key matches by DANE, a strange one does not.

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/domain_name.hpp"
#include "core/text.hpp"
#include "core/tlsa.hpp"
#include "tests/fuzz/property.hpp"
#include "x509/certificate.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

using State = DaneVerdict::State;

const Time now = std::chrono::sys_days{std::chrono::year(2027) / 3 / 10};
const std::vector<std::string> names{"mx.good.example"};

std::vector<std::string> take_chain(std::string_view& input) {
  std::vector<std::string> chain;
  while (input.size() >= 2 && chain.size() < 4) {
    auto octet = [&](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(input[at]));
    };
    std::size_t size = octet(0) << 8 | octet(1);
    if (size == 0) {
      input.remove_prefix(2);
      break;
    }
    chain.emplace_back(input.substr(2, size));
    input.remove_prefix(std::min(input.size(), size + 2));
  }
  return chain;
}

bool short_and_printable(std::string_view text) {
  return text.size() <= 300 && std::ranges::all_of(text, is_printable);
}

bool openssl_matches(const std::string& der, const std::string& host) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  std::unique_ptr<X509, decltype(&X509_free)> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
  return X509_check_host(certificate.get(), host.data(), host.size(),
                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                         nullptr) == 1;
}

void check_names(const CertificateFacts& facts, const std::string& der) {
  require(facts.dns_names.size() <= 1000, "at most 1000 names");
  for (std::string name : facts.dns_names) {
    require(short_and_printable(name), "a name is short and printable");
    require(std::ranges::none_of(name, is_upper), "a name is in lower case");
    if (name.starts_with('*')) name.replace(0, 1, "x");
    if (facts.dns_names.size() > 20 || !DomainName::parse(name) || name.ends_with('.')) continue;
    require(names_host(facts, name) == openssl_matches(der, name), "OpenSSL matches the same names");
  }
}

void check_certificate(const std::string& der) {
  auto facts = read_certificate(der);
  std::string record = tlsa_311_of(der);
  if (!facts) {
    require(record.empty(), "what is not a certificate has no record");
    return;
  }
  for (const std::string& text :
       {facts->subject, facts->issuer, facts->common_name, facts->key, facts->signature})
    require(short_and_printable(text), "text is short and printable");
  require(!facts->self_signed || !facts->weak_signature,
          "a self-signed certificate's signature is not judged");
  require(record.empty() || tlsa_rdata(record)->size() == 35, "a record has a digest");
  check_names(*facts, der);
}

void check_dane(const std::vector<std::string>& chain, std::string_view rdata) {
  std::vector<std::string> records{std::string(rdata)};
  DaneVerdict verdict = verify_dane(chain, records, names, now);
  require(verdict == verify_dane(chain, records, names, now), "the same verdict each time");
  auto tlsa = decode_tlsa(rdata);
  bool usable = tlsa && why_unusable(*tlsa).empty();
  require(usable || verdict.state == State::no_usable, "an unusable record is ignored");
  bool match = verdict.state == State::match;
  require(verdict.matched == (match ? tlsa_text(*tlsa) : ""), "a match says by which record");
  require(!match || (verdict.error == 0 && verdict.words.empty()), "a match has no error");
  if (chain.empty()) return;
  std::string own = tlsa_311_of(chain.front());
  if (own.empty()) return;
  records = {*tlsa_rdata(own)};
  verdict = verify_dane(chain, records, names, now);
  require(verdict.state != State::bad_name && verdict.state != State::no_usable, "usage 3 has no names");
  records.front().back() = static_cast<char>(records.front().back() ^ 1);
  require(verify_dane(chain, records, names, now).state != State::match, "another digest does not match");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> no_roots(X509_STORE_new(),
                                                                                X509_STORE_free);
  std::string_view input = fuzz::text_of(data, size);
  auto chain = take_chain(input);
  for (const std::string& der : chain) check_certificate(der);
  require(!verify_chain(*no_roots, chain, now).good(), "nothing is trusted without roots");
  check_dane(chain, input);
  return 0;
}
