#include "diagnose/survey_sni.hpp"

#include <algorithm>

#include "diagnose/survey_questions.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

bool turns_us_away(const SurveyedAddress& each) {
  const SmtpDialogue& dialogue = each.dialogue;
  if (dialogue.trouble != SmtpTrouble::reply) return false;
  if (dialogue.reached < SmtpStage::ehlo) return true;
  return dialogue.starttls.code == 421 || dialogue.ehlo_in_tls.code == 421;
}

bool has_ended_well(const SurveyedAddress& each) { return each.dialogue.reached == SmtpStage::ehlo_in_tls; }

asio::awaitable<bool> talk_without_sni(Smtp& smtp, SurveyedAddress& at) {
  SmtpDialogue dialogue = co_await smtp.talk({at.address, 25, {}, false});
  at.without_sni = std::move(dialogue);
  co_return true;
}

}  // namespace

asio::awaitable<bool> survey_without_sni(std::shared_ptr<Survey> all, Smtp& smtp, CheckTime time) {
  auto now = std::chrono::steady_clock::now();
  if (time.deadline - now < now - time.begin) co_return false;
  Work talks;
  for (SurveyedHost& host : all->hosts) {
    auto at = std::ranges::find_if(host.addresses, has_ended_well);
    if (at == host.addresses.end() || std::ranges::any_of(host.addresses, turns_us_away)) continue;
    talks.push_back(talk_without_sni(smtp, *at));
  }
  co_await gather(std::move(talks), all);
  co_return true;
}

}  // namespace mtasts
