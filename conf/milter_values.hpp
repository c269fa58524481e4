// milter_values - the kinds of value that only [milter] has, from text and back (mtastsd.toml(5)).
//
// As in conf/values.hpp, the text is hostile, and an error is "what is wrong; remedy". What is written here
// is read as the same value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/values.hpp"

namespace mtasts {

// libmilter's notation: "inet:18899@127.0.0.1", "inet6:18899@::1", "unix:/PATH", "local:/PATH"; and
// Postfix's: "inet:127.0.0.1:18899", "inet:[::1]:18899". "localhost" is the loopback address.
Read<Endpoint> read_milter_endpoint(std::string_view text);
// In libmilter's notation: as smfi_setconn() takes it.
std::string milter_notation(const Endpoint& endpoint);

// "unix:/PATH" or "inet:ADDRESS:PORT"; empty: nullopt.
Read<std::optional<Endpoint>> read_optional_endpoint(std::string_view text);

// "user@example.com", "example.com" or "@example.com", "*.example.com", "*". U-labels become A-labels.
Read<AddressPattern> read_address_pattern(std::string_view text);
Read<AddressPattern> read_domain_pattern(std::string_view text);  // the same without "user@"

// "550 5.7.10". Never 421, because it ends the SMTP session (RFC 5321 §3.8).
Read<ReplyCode> read_reply_code(std::string_view text);
Read<std::optional<ReplyCode>> read_optional_reply_code(std::string_view text);  // empty: nullopt
std::string format_reply_code(const ReplyCode& reply);

// "NAME: VALUE". Refuses TLS-Required, which says the opposite of a demand (RFC 8689 §3).
Read<HeaderMatch> read_header_match(std::string_view text);
std::string format_header_match(const HeaderMatch& header);

// The name of a header field that the milter may add: none that mail itself uses. Empty: none.
Read<std::string> read_header_name(std::string_view text);

Read<std::string> read_login(std::string_view text);      // a SASL login name, or "*"
Read<std::string> read_transport(std::string_view text);  // the name of a Postfix transport in master.cf

}  // namespace mtasts
