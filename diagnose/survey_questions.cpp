#include "diagnose/survey_questions.hpp"

#include <algorithm>

#include "diagnose/examine.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

std::vector<Address> addresses_in(const DnsAnswer& answer) {
  std::vector<Address> addresses;
  if (answer.kind != DnsAnswer::Kind::data) return addresses;
  for (const std::string& rdata : answer.rdata)
    if (auto address = decode_address(rdata)) addresses.push_back(*address);
  return addresses;
}

}  // namespace

ChosenAddresses choose_addresses(const DnsAnswer& a, const DnsAnswer& aaaa) {
  auto v6 = addresses_in(aaaa), v4 = addresses_in(a);
  ChosenAddresses chosen;
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i)
    for (const auto* each : {&v6, &v4})
      if (i < each->size()) chosen.addresses.push_back((*each)[i]);
  std::size_t all = chosen.addresses.size();
  chosen.addresses.resize(std::min(all, most_addresses));
  chosen.left_out = all - chosen.addresses.size();
  return chosen;
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
