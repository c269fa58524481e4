// values - the kinds of value in mtastsd.toml, from text and back (mtastsd.toml(5)).
//
// The text is hostile: any bytes give a value or a sentence "what is wrong; remedy", never an exception.
// format_…() writes what parse_…() reads as the same value.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "conf/config.hpp"

namespace mtasts {

template <class T>
using Read = std::expected<T, std::string>;  // the error is "what is wrong; remedy"

// Digits and one of ms, s, m, h, d: "500ms", "5s", "2m". nullopt: anything else, or more than 100 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
std::string format_duration(std::chrono::milliseconds value);  // in the largest unit that is exact

// Digits and at most one of KiB, MiB, GiB, TiB; without a unit, octets. nullopt: anything else, or 2^63 and
// above.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
std::string format_size(std::uint64_t bytes);  // in the largest unit that is exact

// "unix:/path", "inet:127.0.0.1:8463", "inet:[::1]:8463", "inet:localhost:8463".
Read<Endpoint> read_endpoint(std::string_view text);
// "ADDRESS:PORT" as in listen.http; empty: nullopt.
Read<std::optional<Endpoint>> read_host_port(std::string_view text);
// "192.0.2.53", "192.0.2.53@5353", "2001:db8::53".
Read<NameServer> read_forwarder(std::string_view text);
// "http://HOST:PORT"; empty: nullopt. If the text holds a login, the error quotes nothing of it.
Read<std::optional<ProxyAddress>> read_proxy(std::string_view text);
Read<Cidr> read_cidr(std::string_view text);
std::string format_cidr(const Cidr& block);
// "0666": octal, only the read and write bits.
Read<unsigned> read_socket_mode(std::string_view text);
Read<std::string> read_absolute_path(std::string_view text);
Read<std::string> read_optional_path(std::string_view text);  // absolute, or empty
Read<std::string> read_socket_path(std::string_view text);    // absolute, short enough for a unix socket
Read<std::string> read_group(std::string_view text);          // the name of a group, or empty
Read<std::string> read_user(std::string_view text);           // the name of a user, or empty
Read<std::string> read_dns_zone(std::string_view text);       // a domain name; U-labels become A-labels
// What a client may call itself in EHLO (RFC 5321 §4.1.4): a full domain name, whose U-labels become
// A-labels, or an address literal, "[192.0.2.1]" or "[IPv6:2001:db8::1]". Or empty.
Read<std::string> read_ehlo(std::string_view text);
// The port of a service by its name, such as "submission" (services(5), RFC 6335 §5.1). Refuses port numbers:
// the file has them without quotes.
Read<std::uint16_t> read_service_port(std::string_view text);

bool is_zone_name(std::string_view text) noexcept;  // [a-z0-9_-]{1,32}

}  // namespace mtasts
