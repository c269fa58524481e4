#include "diagnose/certificate_faults.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ranges>

#include "core/finding.hpp"
#include "core/text.hpp"
#include "core/time_text.hpp"
#include "x509/certificate.hpp"

namespace mtasts {
namespace {

constexpr std::size_t most_named = 5;

using Chain = std::vector<CertificateFacts>;

// What can be read of it.
Chain read_chain(const SmtpTlsFacts& tls) {
  Chain chain;
  for (const std::string& der : tls.chain)
    if (auto certificate = read_certificate(der)) chain.push_back(std::move(*certificate));
  return chain;
}

std::string names_of(const CertificateFacts& certificate) {
  std::string words;
  for (const std::string& name : certificate.dns_names | std::views::take(most_named)) {
    if (!words.empty()) words += ", ";
    words += printable(name, 100);
  }
  if (certificate.dns_names.size() > most_named)
    words += " and " + std::to_string(certificate.dns_names.size() - most_named) + " more";
  return words;
}

bool is_wildcard(std::string_view name) noexcept { return name.contains('*'); }

// A wildcard that ends like the host, whatever its first label is.
bool ends_like(std::string_view wildcard, std::string_view host) noexcept {
  std::size_t dot = wildcard.find('.');
  if (!is_wildcard(wildcard) || dot == wildcard.npos || wildcard.size() - dot > host.size()) return false;
  std::string_view end = wildcard.substr(dot);
  return equal_folded(host.substr(host.size() - end.size()), end) || equal_folded(host, end.substr(1));
}

std::optional<CertificateFault> name_fault(const CertificateFacts& leaf, std::string_view host,
                                           std::string_view domain) {
  if (names_host(leaf, host)) return std::nullopt;
  if (leaf.dns_names.empty() && leaf.has_other_names)
    return CertificateFault{"certificate-address-only", "names addresses or the like, but no DNS name"};
  if (leaf.dns_names.empty() && !leaf.common_name.empty())
    return CertificateFault{"certificate-no-san",
                            "has the common name " + in_quotes(leaf.common_name) + " and no subjectAltName"};
  if (leaf.dns_names.empty())
    return CertificateFault{"certificate-name-mismatch", "has neither a DNS name nor a common name"};
  std::string names = names_of(leaf), not_host = ", but not the MX host";
  if (std::ranges::any_of(leaf.dns_names, [&](const auto& name) { return ends_like(name, host); }))
    return CertificateFault{"certificate-wildcard-mismatch",
                            "has a wildcard that does not match the MX host; it names " + names};
  if (!domain.empty() && names_host(leaf, domain))
    return CertificateFault{
        "certificate-names-domain-only",
        "names " + names + not_host + " (it is matched against that, not the mail domain)"};
  return CertificateFault{"certificate-name-mismatch", "names " + names + not_host};
}

std::optional<CertificateFault> date_fault(const CertificateFacts& leaf, const SmtpTlsFacts& tls,
                                           unsigned warn_days, Time now) {
  if (leaf.not_after < now)
    return CertificateFault{"certificate-expired", "expired on " + utc_text(leaf.not_after)};
  if (leaf.not_before > now)
    return CertificateFault{"certificate-not-yet-valid", "is not valid before " + utc_text(leaf.not_before)};
  std::string depth = "has a chain whose certificate " + std::to_string(tls.untrusted_depth);
  if (tls.untrusted == X509_V_ERR_CERT_HAS_EXPIRED)
    return CertificateFault{"certificate-expired", depth + " has expired"};
  if (tls.untrusted == X509_V_ERR_CERT_NOT_YET_VALID)
    return CertificateFault{"certificate-not-yet-valid", depth + " is not valid yet"};
  if (leaf.not_after < now + std::chrono::days(warn_days))
    return CertificateFault{.code = "certificate-expires-soon",
                            .words = "expires on " + utc_text(leaf.not_after),
                            .fatal = false};
  return std::nullopt;
}

bool refused_as_weak(int error) noexcept {
  return error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_CA_KEY_TOO_SMALL ||
         error == X509_V_ERR_CA_MD_TOO_WEAK;
}

std::optional<CertificateFault> weak_fault(const Chain& chain, const SmtpTlsFacts& tls) {
  bool fatal = refused_as_weak(tls.untrusted);
  for (const CertificateFacts& each : chain) {
    if (!each.weak_signature && !each.weak_key) continue;
    std::string what = each.weak_key ? "the key " + each.key : "the signature " + each.signature;
    return CertificateFault{"certificate-weak", "is weak: " + each.subject + " has " + what, {}, fatal};
  }
  if (!fatal) return std::nullopt;
  return CertificateFault{"certificate-weak", "is weak: " + printable(tls.untrusted_words, 200)};
}

// Whether each certificate is issued by the next, so that what is missing is above the last.
bool links_up(const Chain& chain) noexcept {
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (chain[i - 1].issuer != chain[i].subject) return false;
  return chain.size() > 1;
}

CertificateFault unknown_issuer(const Chain& chain, bool cut) {
  if (cut || links_up(chain))
    return {"certificate-untrusted", "is of a CA that is not trusted (" + chain.back().issuer + ")"};
  return {"certificate-chain-incomplete", "comes without that of its issuer (" + chain.front().issuer +
                                              "), which is not a trusted CA itself"};
}

std::optional<CertificateFault> trust_fault(const Chain& chain, const SmtpTlsFacts& tls) {
  switch (tls.untrusted) {
    case X509_V_OK:
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return std::nullopt;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return CertificateFault{"certificate-self-signed", "is self-signed"};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return CertificateFault{"certificate-untrusted",
                              "is of a CA that is not trusted (" + chain.back().subject + ")"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return unknown_issuer(chain, tls.chain_cut);
    default: break;
  }
  if (refused_as_weak(tls.untrusted)) return std::nullopt;  // weak_fault() says so
  return CertificateFault{"certificate-untrusted", "is not trusted: " + printable(tls.untrusted_words, 200)};
}

}  // namespace

std::vector<CertificateFault> certificate_faults(const SmtpTlsFacts& tls, std::string_view host,
                                                 std::string_view domain, unsigned warn_days, Time now) {
  Chain chain = read_chain(tls);
  if (tls.chain.empty()) return {{"certificate-untrusted", "is missing"}};
  if (chain.size() != tls.chain.size()) return {{"certificate-untrusted", "can't be read"}};
  std::vector<CertificateFault> faults;
  auto add = [&](std::optional<CertificateFault> fault) {
    if (!fault) return;
    fault->evidence = "subject " + chain.front().subject + "; issuer " + chain.front().issuer;
    faults.push_back(std::move(*fault));
  };
  add(date_fault(chain.front(), tls, warn_days, now));
  add(name_fault(chain.front(), host, domain));
  add(trust_fault(chain, tls));
  add(weak_fault(chain, tls));
  return faults;
}

}  // namespace mtasts
