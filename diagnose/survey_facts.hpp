// survey_facts - what each judgement of a check, and its prediction, is made from: the facts of a survey and
// of the explanation. Part of examine.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "diagnose/candidate.hpp"
#include "diagnose/checking.hpp"
#include "diagnose/judge_dane.hpp"
#include "diagnose/judge_mx.hpp"
#include "diagnose/judge_policy.hpp"
#include "diagnose/judge_policy_host.hpp"
#include "diagnose/judge_record.hpp"
#include "diagnose/judge_smtp.hpp"
#include "diagnose/judge_submission.hpp"
#include "diagnose/judge_tlsrpt.hpp"
#include "diagnose/prediction.hpp"
#include "diagnose/survey.hpp"

namespace mtasts {

// is_failure() counts answers that nobody validated too. They say enough about what is published.
bool has_failed(const DnsAnswer& answer) noexcept;

class SurveyFacts {
 public:
  // REQUIRES: the next hop has a policy domain. All three must outlive it; the explanation is the one of the
  // inputs.
  SurveyFacts(const CheckInputs& inputs, const Explanation& explanation, const Survey& survey);

  RecordFacts record_facts() const;
  PolicyHostFacts policy_host_facts() const;
  PolicyTextFacts policy_text_facts() const;
  MxFacts mx_facts() const;
  SmtpFacts smtp_facts() const;
  DaneFacts dane_facts() const;
  TlsRptFacts reports_facts() const;
  SubmissionFacts submission_facts() const;
  PredictedRoute predicted_route() const;

  const DomainName& domain() const { return domain_; }
  // The answer about the MX records. Not in time, or while DNS answers nothing at all here: failed, and
  // local.
  DnsAnswer mx() const { return seen(survey_.mx); }
  bool is_null_mx() const;
  // The MX hosts beyond those that were looked at.
  std::vector<std::string> further_names() const;
  // What is announced now. nullopt: no valid record.
  std::optional<PublishedPolicy> published() const;
  std::optional<std::string> published_tlsrpt() const;
  // Whether the policy that senders have is of mode enforce.
  bool has_enforce() const { return policy_ && policy_->mode == Mode::enforce; }
  // Whether such a policy is announced and served.
  bool publishes_enforce() const { return announces_policy() && served_mode_ == Mode::enforce; }

 private:
  DnsAnswer seen(const std::optional<DnsAnswer>& asked) const;
  void find_policy();
  bool announces_policy() const;
  static std::expected<HttpAnswer, FetchError> ended(const HttpsStep& step);
  bool record_known() const;
  bool lacks_policy_host() const;
  std::chrono::milliseconds took(const Address& address) const;
  std::vector<MxHostFacts> further_hosts() const;
  MxHostFacts mx_host(const SurveyedHost& host) const;
  static bool has_dane(const SurveyedHost& host);
  DaneVerdict dane_verdict(const SurveyedHost& host, const SmtpDialogue& dialogue) const;
  std::optional<bool> sts_accepts(const SurveyedHost& host) const;
  DaneFacts dane_domain() const;
  std::optional<std::string> served_body() const;
  PredictedHost predicted_host(const SurveyedHost& host) const;
  HostAddresses why_no_address(const SurveyedHost& host) const;
  static HostTlsa predicted_tlsa(const SurveyedHost& host);
  bool covers(const std::string& host) const;
  Time now() const { return inputs_.explain.now; }

  const CheckInputs& inputs_;
  const Explanation& explanation_;
  const Survey& survey_;
  DomainName domain_;
  std::optional<PolicyFacts> policy_;
  bool dns_works_ = true;
  std::optional<Mode> served_mode_;
  std::optional<bool> served_;  // a valid policy is served; nullopt: the policy host was not asked
};

}  // namespace mtasts
