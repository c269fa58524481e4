#include "diagnose/survey_questions.hpp"

#include "diagnose/examine.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

std::vector<Address> addresses_of(const DnsAnswer& a, const DnsAnswer& aaaa) {
  std::vector<Address> all;
  for (const DnsAnswer* answer : {&aaaa, &a})
    for (const std::string& rdata : answer->rdata)
      if (auto address = decode_address(rdata); address && answer->kind == DnsAnswer::Kind::data)
        all.push_back(*address);
  if (all.size() > most_addresses) all.resize(most_addresses);
  return all;
}

asio::awaitable<bool> ask(Dns& dns, std::string name, RrType type, DnsAnswer& answer) {
  answer = co_await dns.ask(std::move(name), type);
  co_return true;
}

asio::awaitable<bool> ask_both(Dns& dns, std::string name, DnsAnswer& a, DnsAnswer& aaaa,
                               std::shared_ptr<const void> keep) {
  Work both;
  both.push_back(ask(dns, name, RrType::a, a));
  both.push_back(ask(dns, name, RrType::aaaa, aaaa));
  co_await gather(std::move(both), keep);
  co_return true;
}

asio::awaitable<bool> talk(Smtp& smtp, SmtpRequest request, SmtpDialogue& dialogue) {
  dialogue = co_await smtp.talk(std::move(request));
  co_return true;
}

SmtpDialogue not_held_yet() {
  SmtpDialogue none;
  none.trouble = SmtpTrouble::local;
  none.detail = "not done in time";
  return none;
}

}  // namespace mtasts
