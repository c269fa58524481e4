#include "diagnose/judge_policy_host.hpp"

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <set>

#include "core/address.hpp"
#include "core/catalogue.hpp"
#include "core/sts_policy.hpp"
#include "core/time_text.hpp"
#include "lookup/trace.hpp"
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

// Whether each certificate is issued by the next, so that what is missing is above the last.
bool links_up(const std::vector<CertificateFacts>& chain) noexcept {
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (chain[i - 1].issuer != chain[i].subject) return false;
  return chain.size() > 1;
}

// What can be read of it.
std::vector<CertificateFacts> read_chain(const PolicyHostSeen& seen) {
  std::vector<CertificateFacts> chain;
  for (const std::string& der : seen.chain)
    if (auto certificate = read_certificate(der)) chain.push_back(*std::move(certificate));
  return chain;
}

std::string_view code_of_name(const CertificateFacts& leaf) noexcept {
  bool common_name_only = leaf.dns_names.empty() && !leaf.has_other_names && !leaf.common_name.empty();
  return common_name_only ? "policy-cert-no-san" : "policy-cert-name-mismatch";
}

// Which finding the refusal of a chain is.
std::string_view code_of(const PolicyHostSeen& seen, const std::vector<CertificateFacts>& chain) noexcept {
  switch (seen.untrusted) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "policy-cert-expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "policy-cert-not-yet-valid";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return chain.empty() ? "policy-cert-name-mismatch" : code_of_name(chain.front());
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      if (chain.empty() || chain.front().self_signed || seen.chain_cut || links_up(chain))
        return "policy-cert-untrusted";
      return "policy-cert-chain-incomplete";
    default: return "policy-cert-untrusted";
  }
}

// What the leaf has to do with it.
std::string more_about(std::string_view code, const PolicyHostSeen& seen, const CertificateFacts& leaf,
                       std::string_view host) {
  if (code == "policy-cert-expired" && seen.untrusted_depth == 0)
    return fmt::format("; it ended on {}", day(leaf.not_after));
  if (code == "policy-cert-not-yet-valid" && seen.untrusted_depth == 0)
    return fmt::format("; it begins on {}", day(leaf.not_before));
  if (seen.untrusted_depth != 0 && (code == "policy-cert-expired" || code == "policy-cert-not-yet-valid"))
    return fmt::format("; that is certificate {} of the chain", seen.untrusted_depth);
  if (code == "policy-cert-name-mismatch" || code == "policy-cert-no-san")
    return fmt::format("; it is for {}, and must be for {}", names_of(leaf), host);
  return fmt::format("; its issuer is {}", leaf.issuer);
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
  return begin != std::string_view::npos && std::string_view("<{[").contains(body[begin]);
}

// Without what two copies of a file may differ in.
std::string without_line_ends(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
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
    if (facts_.wanted)
      judge_host();
    else
      step_.words = "no record announces a policy";
    judge_places();
    return {{std::move(step_)}, std::move(findings_)};
  }

 private:
  void judge_host() {
    if (!addresses_known()) return settle(StepState::ok);
    private_addresses();
    for (const PolicyHostAddress& each : facts_.addresses)
      if (each.answer.asked) judge_address(each);
    judge_unreachable();
    if (bodies_.size() > 1)
      add("policies-differ",
          fmt::format("the addresses of {} serve {} different policies", host_, bodies_.size()));
    if (asked_.empty()) return judge_fetched();
    list_asked();
    judge_first_fetch();
    settle(StepState::ok);
  }

  // A hint, which changes no state.
  void judge_places() {
    std::string urls;
    for (PolicyPlace place : facts_.places)
      urls.append(urls.empty() ? "" : " and ").append(url_of(*DomainName::parse(facts_.domain), place));
    if (urls.empty()) return;
    findings_.push_back(
        make_finding("policy-misplaced",
                     fmt::format("a policy is at {}, where no sender looks; it belongs at {}", urls, url_),
                     {.step = "policy-host", .host = host_}));
  }

  void add(std::string_view code, std::string message, const Address* address = nullptr,
           std::string evidence = {}) {
    Where where{
        .step = "policy-host", .host = host_, .address = address ? to_string(*address) : "", .port = 443};
    findings_.push_back(make_finding(code, std::move(message), std::move(where), std::move(evidence)));
  }

  // False: there is nothing to ask.
  bool addresses_known() {
    if (facts_.v4.kind == Kind::data || facts_.v6.kind == Kind::data) return true;
    if (facts_.v4.kind == Kind::failed || facts_.v6.kind == Kind::failed)
      lookup_failed(facts_.v4.kind == Kind::failed ? facts_.v4 : facts_.v6);
    else
      no_address();
    return false;
  }

  void lookup_failed(const DnsAnswer& failed) {
    std::string cause = printable(failed.reason, 200);
    step_.words = fmt::format("{}: {}", host_, cause);
    if (failed.local)
      unknown_ = true;
    else
      add("policy-host-no-address", fmt::format("the addresses of {} can't be looked up: {}", host_, cause));
  }

  void no_address() {
    const std::string& alias = facts_.v4.canonical.empty() ? facts_.v6.canonical : facts_.v4.canonical;
    step_.words = fmt::format("{} has no address", host_);
    if (!alias.empty())
      add("policy-host-cname-dangling",
          fmt::format("{} is an alias of {}, which has no address", host_, printable(alias)));
    else
      add("policy-host-no-address", fmt::format("{} has no address ({})", host_, words(facts_.v4.kind)));
  }

  bool was_asked(const Address& address) const {
    return std::ranges::any_of(facts_.addresses, [&](const PolicyHostAddress& each) {
      return each.address == address && each.answer.asked;
    });
  }

  // One that was asked is allowed here.
  void private_addresses() {
    for (const DnsAnswer* answer : {&facts_.v4, &facts_.v6})
      for (const std::string& rdata : answer->rdata) {
        auto address = decode_address(rdata);
        if (!address || special_use(*address).empty() || was_asked(*address)) continue;
        add("policy-host-private-address",
            fmt::format("{} has the address {} ({}), which is not reachable from the internet", host_,
                        to_string(*address), special_use(*address)),
            &*address);
      }
  }

  void judge_address(const PolicyHostAddress& at) {
    asked_.push_back(at.address);
    if (!at.answer.answer && is_our_fault(at.answer.answer.error())) {
      not_learned_.push_back(at.address);
      not_learned_words_ = printable(at.answer.answer.error().detail, 200);
      return;
    }
    std::size_t before = findings_.size();
    auto chain = read_chain(at.answer.seen);
    if (at.answer.answer) {
      judge_http(*at.answer.answer, at.answer.seen, &at.address);
      judge_time(at);
      if (!chain.empty()) expires_soon(chain.front(), at.address);
    } else {
      failed(at, chain);
    }
    if (findings_.size() == before && at.answer.answer) good_ = true;
  }

  // The deadline is that of the check.
  static bool is_our_fault(const FetchError& error) noexcept {
    return error.local || error.put_off || error.step == FetchStep::deadline;
  }

  void failed(const PolicyHostAddress& at, const std::vector<CertificateFacts>& chain) {
    const FetchError& error = at.answer.answer.error();
    std::string where = to_string(at.address), cause = printable(error.detail, 300);
    if (at.answer.seen.untrusted != 0) return bad_certificate(at, chain);
    if (error.step == FetchStep::connect) return unreachable_.push_back({at.address, cause});
    auto [code, words] = code_of_failure(at.answer);
    std::string_view what = error.step == FetchStep::tls ? host_ : url_;
    std::string why = cause.empty() || cause == no_answer_in_time ? std::string() : ": " + cause;
    add(code, fmt::format("{} at {} {}{}", what, where, words, why), &at.address);
  }

  struct Failure {
    std::string_view code, words;
  };

  static Failure code_of_failure(const PolicyHostAnswer& answer) {
    const PolicyHostSeen& seen = answer.seen;
    if (answer.timed_out) return {"policy-too-slow", "did not answer in time"};
    if (seen.tls == TlsTrouble::not_tls) return {"policy-host-plain-http", "does not speak TLS on port 443"};
    if (seen.tls == TlsTrouble::old_version) return {"policy-host-tls-too-old", "offers no TLS 1.2 or later"};
    bool by_tls = answer.answer.error().step == FetchStep::tls;
    // With TLS 1.3, a client certificate is missed only after the handshake.
    if (by_tls || answer.answer.error().detail.contains("alert"))
      return {"policy-host-tls-failed", "ends the TLS handshake"};
    if (!seen.content_encoding.empty())
      return {"http-compressed", "is compressed, although nobody asked for that"};
    if (seen.too_large) return {"too-large", "sends more than 64 KiB"};
    if (seen.cut_short) return {"policy-truncated", "ends before all of the policy has come"};
    return {"http-status", "gives an answer that can't be read"};
  }

  void bad_certificate(const PolicyHostAddress& at, const std::vector<CertificateFacts>& chain) {
    const PolicyHostSeen& seen = at.answer.seen;
    std::string_view code = code_of(seen, chain);
    std::string message = fmt::format("the certificate of {} at {} is refused: {}", host_,
                                      to_string(at.address), printable(seen.untrusted_words, 200));
    if (!chain.empty()) message += more_about(code, seen, chain.front(), host_);
    add(code, std::move(message), &at.address, chain.empty() ? std::string() : chain.front().subject);
  }

  void judge_time(const PolicyHostAddress& at) {
    if (at.took < slow_policy) return;
    add("policy-too-slow",
        fmt::format("{} at {} took {} s to answer; many senders wait no longer than 5 to 30 s", url_,
                    to_string(at.address), std::chrono::round<std::chrono::seconds>(at.took).count()),
        &at.address);
    findings_.back().severity = Severity::warning;
  }

  // address: nullptr if it is not known.
  void judge_http(const HttpAnswer& answer, const PolicyHostSeen& seen, const Address* address) {
    std::string what = address ? fmt::format("{} at {}", url_, to_string(*address)) : url_;
    if (answer.status != 200) return judge_status(answer, seen, address, what);
    std::size_t before = findings_.size();
    for (const Finding& each : lint_http(answer.status, answer.content_type))
      add(each.code, fmt::format("{}: {}", what, each.message), address);
    if (is_web_page(answer.body))
      add("policy-is-web-page", fmt::format("{} serves a web page or JSON, not a policy", what), address,
          printable(std::string_view(answer.body).substr(0, 60)));
    if (findings_.size() == before) bodies_.insert(without_line_ends(answer.body));
  }

  // The type of an error page does not matter.
  void judge_status(const HttpAnswer& answer, const PolicyHostSeen& seen, const Address* address,
                    std::string_view what) {
    for (const Finding& each : lint_http(answer.status, "text/plain")) {
      std::string message = fmt::format("{}: {}", what, each.message);
      if (!seen.location.empty()) message += fmt::format("; it leads to {}", printable(seen.location, 200));
      add(code_of_status(answer.status), std::move(message), address);
    }
  }

  void expires_soon(const CertificateFacts& leaf, const Address& address) {
    auto left = leaf.not_after - now_;
    if (left < std::chrono::seconds(0) || left >= std::chrono::days(facts_.warn_days)) return;
    add("policy-cert-expires-soon",
        fmt::format("the certificate of {} at {} ends on {}, in {} days", host_, to_string(address),
                    day(leaf.not_after), std::chrono::duration_cast<std::chrono::days>(left).count()),
        &address);
  }

  // It depends on the other addresses what that means.
  void judge_unreachable() {
    bool other = unreachable_.size() + not_learned_.size() < asked_.size();
    for (const Unreachable& each : unreachable_)
      add(other ? "policy-host-address-fails" : "policy-host-unreachable",
          fmt::format("{} can't be reached at {}{}: {}", host_, to_string(each.address),
                      other ? ", but at another address" : "", each.cause),
          &each.address);
  }

  // What a fetch tells that did not choose its address.
  void judge_fetched() {
    step_.words = "the addresses were not asked one by one";
    if (!facts_.fetched) return settle(StepState::not_asked);
    if (*facts_.fetched) {
      judge_http(**facts_.fetched, {}, nullptr);
      return settle(StepState::ok);
    }
    const FetchError& error = facts_.fetched->error();
    step_.words = printable(fmt::format("{}: {}", words(error.step), error.detail), 300);
    if (error.step == FetchStep::tls && !error.local)
      add("policy-host-tls-failed",
          fmt::format("the TLS handshake with {} fails: {}", host_, printable(error.detail, 300)));
    settle(StepState::unknown);
  }

  // Whether it was said why a fetch may fail.
  bool tells_of_failure() const {
    return std::ranges::any_of(findings_, [](const Finding& each) {
      return each.severity == Severity::error || each.code == "policy-host-address-fails" ||
             each.code == "policy-too-slow";
    });
  }

  // The fetch that a sender makes, where nothing else tells why it failed.
  void judge_first_fetch() {
    if (!facts_.fetched || *facts_.fetched || bodies_.empty() || tells_of_failure()) return;
    const FetchError& error = facts_.fetched->error();
    std::string cause = printable(error.detail, 300);
    if (error.local || error.put_off) {
      first_fetch_unknown_ = true;
      step_.words += fmt::format("; a first fetch was not made or not ended: {}", cause);
      return;
    }
    add("policy-host-unsteady", fmt::format("a first fetch of {} failed ({}: {}), and a second one did not",
                                            url_, words(error.step), cause));
  }

  void list_asked() {
    std::string asked;
    for (const Address& each : asked_) asked.append(asked.empty() ? "" : ", ").append(to_string(each));
    step_.words = fmt::format("{} at {}", host_, asked);
    if (facts_.left_out > 0) step_.words += fmt::format("; further addresses not asked: {}", facts_.left_out);
    if (!not_learned_words_.empty()) step_.words += fmt::format("; {}", not_learned_words_);
    bool spared = good_ && std::ranges::all_of(not_learned_, &Address::v6);
    unknown_ = !not_learned_.empty() && !spared;
  }

  void settle(StepState otherwise) {
    step_.state = unknown_ ? StepState::unknown : otherwise;
    if (first_fetch_unknown_) step_.state = StepState::unknown;
    if (first_fetch_unknown_ ? tells_of_failure() : any_fault(findings_)) step_.state = StepState::found;
  }

  struct Unreachable {
    Address address;
    std::string cause;
  };

  const PolicyHostFacts& facts_;
  Time now_;
  std::string host_, url_;
  CheckStep step_;
  Findings findings_;
  bool unknown_ = false, good_ = false, first_fetch_unknown_ = false;
  std::vector<Address> asked_, not_learned_;  // not_learned_: what failed is not theirs
  std::string not_learned_words_;
  std::vector<Unreachable> unreachable_;
  std::set<std::string> bodies_;  // of good answers
};

}  // namespace

Judgement judge_policy_host(const PolicyHostFacts& facts, Time now) { return Judge(facts, now).judge(); }

}  // namespace mtasts
