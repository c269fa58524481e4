// survey_questions - the single questions that the parts of a survey ask. Part of examine.
//
// What they refer to must live until they have ended.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "ports/dns.hpp"
#include "ports/smtp.hpp"

namespace mtasts {

using Work = std::vector<boost::asio::awaitable<bool>>;  // for gather()

inline constexpr std::size_t most_name_octets = 253;  // of a name in DNS, as text

// The addresses of a host that are asked: at most most_addresses, one of IPv6 and one of IPv4 in turns, so
// that neither kind keeps the other out.
struct ChosenAddresses {
  std::vector<Address> addresses;
  std::size_t left_out = 0;  // how many more there are
};
ChosenAddresses choose_addresses(const DnsAnswer& a, const DnsAnswer& aaaa);

boost::asio::awaitable<bool> ask(Dns& dns, std::string name, RrType type, DnsAnswer& answer);
// Asks for A and AAAA at once. keep: what holds the answers.
boost::asio::awaitable<bool> ask_both(Dns& dns, std::string name, DnsAnswer& a, DnsAnswer& aaaa,
                                      std::shared_ptr<const void> keep);
boost::asio::awaitable<bool> talk(Smtp& smtp, SmtpRequest request, SmtpDialogue& dialogue);

// What stands for a dialogue until it has been held.
SmtpDialogue not_held_yet();

}  // namespace mtasts
