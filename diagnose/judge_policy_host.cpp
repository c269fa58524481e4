#include "diagnose/judge_policy_host.hpp"

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <set>

#include "core/address.hpp"
#include "core/catalogue.hpp"
#include "core/sts_policy.hpp"
#include "core/time_text.hpp"
#include "x509/certificate.hpp"

namespace mtasts {
namespace {

using Kind = DnsAnswer::Kind;

std::string day(Time time) { return utc_text(time).substr(0, 10); }

std::string names_of(const CertificateFacts& certificate) {
  std::string names;
  for (const std::string& each : certificate.dns_names) {
    if (names.size() > 150) return names + ", ...";
    names.append(names.empty() ? "" : ", ").append(each);
  }
  return names.empty() ? "no DNS name" : names;
}

// Which finding the refusal of a certificate is. The error is OpenSSL's.
std::string_view code_of(int error, const std::optional<CertificateFacts>& leaf) noexcept {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "policy-cert-expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "policy-cert-not-yet-valid";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return leaf && leaf->dns_names.empty() ? "policy-cert-no-san" : "policy-cert-name-mismatch";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return leaf && !leaf->self_signed ? "policy-cert-chain-incomplete" : "policy-cert-untrusted";
    default: return "policy-cert-untrusted";
  }
}

// lint_http()'s finding, with a code that says more where the status does.
std::string_view code_of_status(unsigned status) noexcept {
  if (status == 404 || status == 410) return "http-not-found";
  if (status >= 300 && status < 400) return "http-redirect";
  if (status == 401 || status == 403 || status == 451) return "http-forbidden";
  if (status >= 500 && status < 600) return "http-server-error";
  return "http-status";
}

bool is_web_page(std::string_view body) noexcept {
  std::size_t begin = body.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (body[begin] == '<' || body[begin] == '{');
}

class Judge {
 public:
  Judge(const PolicyHostFacts& facts, Time now)
      : facts_(facts),
        now_(now),
        host_("mta-sts." + facts.domain),
        url_("https://" + host_ + "/.well-known/mta-sts.txt") {
    step_.step = "policy-host";
    step_.host = host_;
  }

  Judgement judge() && {
    if (!facts_.wanted) {
      step_.state = StepState::not_asked;
      step_.words = "no record announces a policy";
      return {{std::move(step_)}, {}};
    }
    if (addresses_known()) {
      for (const PolicyHostAddress& each : facts_.addresses) judge_address(each);
      compare();
    }
    settle();
    return {{std::move(step_)}, std::move(findings_)};
  }

 private:
  void add(std::string_view code, std::string message, const Address* address = nullptr,
           std::string evidence = {}) {
    Where where{
        .step = "policy-host", .host = host_, .address = address ? to_string(*address) : "", .port = 443};
    findings_.push_back(make_finding(code, std::move(message), std::move(where), std::move(evidence)));
  }

  // False: there is nothing to ask.
  bool addresses_known() {
    bool any = facts_.v4.kind == Kind::data || facts_.v6.kind == Kind::data;
    if (any) return private_addresses();
    if (facts_.v4.kind == Kind::failed || facts_.v6.kind == Kind::failed) {
      const DnsAnswer& failed = facts_.v4.kind == Kind::failed ? facts_.v4 : facts_.v6;
      unknown_ = failed.security != DnsAnswer::Security::bogus;
      step_.words = fmt::format("{}: {}", host_, printable(failed.reason, 200));
      if (!unknown_)
        add("policy-host-no-address",
            fmt::format("the addresses of {} can't be looked up: {}", host_, printable(failed.reason, 200)));
      return false;
    }
    const std::string& alias = facts_.v4.canonical.empty() ? facts_.v6.canonical : facts_.v4.canonical;
    if (!alias.empty())
      add("policy-host-cname-dangling",
          fmt::format("{} is an alias of {}, which has no address", host_, printable(alias)));
    else
      add("policy-host-no-address", fmt::format("{} has no address ({})", host_, words(facts_.v4.kind)));
    step_.words = fmt::format("{} has no address", host_);
    return false;
  }

  bool private_addresses() {
    for (const DnsAnswer* answer : {&facts_.v4, &facts_.v6})
      for (const std::string& rdata : answer->rdata)
        if (auto address = decode_address(rdata); address && !special_use(*address).empty())
          private_.push_back(*address);
    for (const PolicyHostAddress& each : facts_.addresses)
      std::erase_if(private_, [&](const Address& one) { return one == each.address && each.answer.asked; });
    for (const Address& each : private_)
      add("policy-host-private-address",
          fmt::format("{} has the address {}, which is not reachable from the internet", host_,
                      to_string(each)),
          &each);
    return true;
  }

  void judge_address(const PolicyHostAddress& at) {
    const PolicyHostSeen& seen = at.answer.seen;
    if (!at.answer.asked) return;
    if (!at.answer.answer && at.answer.answer.error().local) {
      unknown_ = true;
      return;
    }
    auto leaf = seen.chain.empty() ? std::nullopt : read_certificate(seen.chain.front());
    if (!at.answer.answer) return failed(at, leaf);
    judge_http(at);
    if (leaf) expires_soon(*leaf, at.address);
    if (findings_at(at.address) == 0) good_.push_back(at.address);
  }

  void failed(const PolicyHostAddress& at, const std::optional<CertificateFacts>& leaf) {
    const FetchError& error = at.answer.answer.error();
    const PolicyHostSeen& seen = at.answer.seen;
    std::string where = to_string(at.address), cause = printable(error.detail, 300);
    failed_.push_back({at.address, fmt::format("{}: {}", where, cause)});
    if (seen.untrusted != 0) return bad_certificate(at, leaf);
    switch (seen.tls) {
      case TlsTrouble::not_tls:
        return add("policy-host-plain-http",
                   fmt::format("{} at {} does not speak TLS on port 443: {}", host_, where, cause),
                   &at.address);
      case TlsTrouble::old_version:
        return add("policy-host-tls-too-old",
                   fmt::format("{} at {} offers no TLS 1.2 or later: {}", host_, where, cause), &at.address);
      case TlsTrouble::no_http1:
      case TlsTrouble::certificate:
      case TlsTrouble::other:
        return add("policy-host-tls-failed",
                   fmt::format("the TLS handshake with {} at {} fails: {}", host_, where, cause),
                   &at.address);
      case TlsTrouble::none: break;
    }
    if (seen.too_large)
      return add("too-large", fmt::format("{} at {} sends more than 64 KiB", url_, where), &at.address);
    if (seen.cut_short)
      return add("policy-truncated",
                 fmt::format("{} at {} ends before the length that it announces", url_, where), &at.address);
    if (error.step == FetchStep::request || error.step == FetchStep::response)
      return add(at.answer.timed_out ? "policy-too-slow" : "policy-truncated",
                 fmt::format("{} at {} gives no whole answer: {}", url_, where, cause), &at.address);
    unreachable_.push_back(at.address);
  }

  void bad_certificate(const PolicyHostAddress& at, const std::optional<CertificateFacts>& leaf) {
    const PolicyHostSeen& seen = at.answer.seen;
    std::string_view code = code_of(seen.untrusted, leaf);
    std::string message = fmt::format("the certificate of {} at {} is refused: {}", host_,
                                      to_string(at.address), printable(seen.untrusted_words, 200));
    if (leaf && code == "policy-cert-expired" && seen.untrusted_depth == 0)
      message += fmt::format("; it ended on {}", day(leaf->not_after));
    if (leaf && (code == "policy-cert-name-mismatch" || code == "policy-cert-no-san"))
      message += fmt::format("; it is for {}, and must be for {}", names_of(*leaf), host_);
    if (leaf && (code == "policy-cert-untrusted" || code == "policy-cert-chain-incomplete"))
      message += fmt::format("; its issuer is {}", leaf->issuer);
    add(code, std::move(message), &at.address, leaf ? leaf->subject : std::string());
  }

  void judge_http(const PolicyHostAddress& at) {
    const HttpAnswer& answer = *at.answer.answer;
    const PolicyHostSeen& seen = at.answer.seen;
    for (Finding each : lint_http(answer.status, answer.content_type)) {
      if (each.code == "http-status") each.code = code_of_status(answer.status);
      if (each.code == "http-redirect" && !seen.location.empty())
        each.message +=
            fmt::format("; it leads to {}, and senders do not follow it", printable(seen.location, 200));
      add(each.code, fmt::format("{} at {}: {}", url_, to_string(at.address), each.message), &at.address);
    }
    if (!seen.content_encoding.empty())
      add("http-compressed",
          fmt::format("{} at {} is compressed ({}), although nobody asked for that", url_,
                      to_string(at.address), printable(seen.content_encoding, 40)),
          &at.address);
    if (answer.status == 200 && is_web_page(answer.body))
      add("policy-is-web-page",
          fmt::format("{} at {} serves a web page or JSON, not a policy", url_, to_string(at.address)),
          &at.address, printable(std::string_view(answer.body).substr(0, 60)));
    if (answer.status == 200) bodies_.insert(answer.body);
  }

  void expires_soon(const CertificateFacts& leaf, const Address& address) {
    auto left = leaf.not_after - now_;
    if (left < std::chrono::seconds(0) || left >= std::chrono::days(facts_.warn_days)) return;
    add("policy-cert-expires-soon",
        fmt::format("the certificate of {} at {} ends on {}, in {} days", host_, to_string(address),
                    day(leaf.not_after), std::chrono::duration_cast<std::chrono::days>(left).count()),
        &address);
  }

  // What only shows beside other addresses.
  void compare() {
    std::size_t asked = static_cast<std::size_t>(
        std::ranges::count_if(facts_.addresses, [](const auto& each) { return each.answer.asked; }));
    for (const Address& each : unreachable_) {
      auto why = std::ranges::find(failed_, each, &Failed::address);
      if (unreachable_.size() == asked)
        add("policy-host-unreachable", fmt::format("{} can't be reached at {}", host_, why->words), &each);
      else
        add("policy-host-address-fails",
            fmt::format("{} can't be reached at {}, but at another address", host_, why->words), &each);
    }
    if (bodies_.size() > 1)
      add("policies-differ",
          fmt::format("the addresses of {} serve {} different policies", host_, bodies_.size()));
  }

  std::size_t findings_at(const Address& address) const {
    auto text = to_string(address);
    return static_cast<std::size_t>(
        std::ranges::count_if(findings_, [&](const Finding& each) { return each.where.address == text; }));
  }

  void settle() {
    if (step_.words.empty()) {
      std::string asked;
      for (const PolicyHostAddress& each : facts_.addresses)
        if (each.answer.asked) asked.append(asked.empty() ? "" : ", ").append(to_string(each.address));
      step_.words = asked.empty() ? host_ : fmt::format("{} at {}", host_, asked);
    }
    if (!findings_.empty())
      step_.state = StepState::found;
    else if (unknown_)
      step_.state = StepState::unknown;
    else if (facts_.addresses.empty() && (!facts_.fetched || !*facts_.fetched))
      step_.state = facts_.fetched ? StepState::unknown : StepState::not_asked;
    else
      step_.state = StepState::ok;
  }

  struct Failed {
    Address address;
    std::string words;
  };

  const PolicyHostFacts& facts_;
  Time now_;
  std::string host_, url_;
  CheckStep step_;
  Findings findings_;
  bool unknown_ = false;
  std::vector<Address> private_, unreachable_, good_;
  std::vector<Failed> failed_;
  std::set<std::string> bodies_;
};

}  // namespace

Judgement judge_policy_host(const PolicyHostFacts& facts, Time now) { return Judge(facts, now).judge(); }

}  // namespace mtasts
