#include <fmt/format.h>

#include <iterator>
#include <type_traits>
#include <variant>

#include "conf/milter_values.hpp"
#include "conf/override_values.hpp"
#include "conf/parse.hpp"
#include "conf/values.hpp"

namespace mtasts {
namespace {

using Out = std::back_insert_iterator<std::string>;

// A TOML basic string. Valid UTF-8 stays; quotes, backslashes and controls are escaped.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (octet < 0x20 || octet == 0x7F)
      out += fmt::format("\\u{:04X}", octet);
    else
      out += c;
  }
  return out + '"';
}

template <class T, class Text>
std::string list(const std::vector<T>& values, Text text) {
  std::vector<std::string> words;
  for (const auto& each : values) words.push_back(toml_text(text(each)));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string same(const std::string& text) { return text; }

// Defaults that mean more than their value are printed as comments: a default listener that can't be bound is
// a warning, a configured one is fatal.
std::string_view comment_unless(bool configured) noexcept { return configured ? "" : "# default: "; }

void add_listen(Out out, const ListenConfig& listen) {
  fmt::format_to(out, "[listen]\n{}socketmap = {}\n", comment_unless(listen.socketmap_configured),
                 list(listen.socketmap, [](const Endpoint& each) { return to_string(each); }));
  fmt::format_to(out, "socket_mode = \"{:04o}\"\nsocket_group = {}\n", listen.socket_mode,
                 toml_text(listen.socket_group));
  fmt::format_to(out, "{}user = {}\n", comment_unless(listen.user_configured || listen.user.empty()),
                 toml_text(listen.user));
  fmt::format_to(out, "control = {}\nhttp = {}\n", toml_text(listen.control),
                 toml_text(listen.http ? host_and_port(*listen.http) : ""));
  fmt::format_to(out, "workers = {}\n", listen.workers);
}

void add_cache(Out out, const CacheConfig& cache) {
  fmt::format_to(out, "\n[cache]\n{}path = {}\n", comment_unless(cache.path_configured),
                 toml_text(cache.path));
  fmt::format_to(out, "max_size = \"{}\"\n", format_size(cache.max_size));
}

void add_dns(Out out, const DnsConfig& dns) {
  fmt::format_to(out, "\n[dns]\nforward = {}\n",
                 dns.forward_auto ? "\"auto\"" : list(dns.forward, [](const NameServer& each) {
                   return to_string(each);
                 }));
  fmt::format_to(out, "private = {}\n", list(dns.private_zones, same));
  fmt::format_to(out, "root_hints = {}\ntrust_anchor = {}\n", toml_text(dns.root_hints),
                 toml_text(dns.trust_anchor));
  fmt::format_to(out, "timeout = \"{}\"\n", format_duration(dns.timeout));
}

void add_https(Out out, const HttpsConfig& https) {
  fmt::format_to(out, "\n[https]\nca_file = {}\n", toml_text(https.ca_file));
  fmt::format_to(out, "timeout = \"{}\"\nproxy = {}\n", format_duration(https.timeout),
                 toml_text(https.proxy ? to_string(*https.proxy) : ""));
  fmt::format_to(out, "proxy_credentials_file = {}\n", toml_text(https.proxy_credentials_file));
  fmt::format_to(out, "allow_addresses = {}\n", list(https.allow_addresses, format_cidr));
}

std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(unsigned value) { return fmt::to_string(value); }
std::string value_text(std::uint16_t value) { return fmt::to_string(value); }
std::string value_text(std::chrono::milliseconds value) { return toml_text(format_duration(value)); }

template <class E>
  requires std::is_enum_v<E>
std::string value_text(E value) {
  return toml_text(words(value));
}

void add_keys(Out out, const ZoneSettings& zone, bool of_policy) {
  for (const ZoneKey& key : zone_keys) {
    if (key.in_policy != of_policy) continue;
    auto text = std::visit([&](auto member) { return value_text(zone.*member); }, key.member);
    fmt::format_to(out, "{} = {}\n", key.name, text);
  }
}

void add_policy(Out out, std::string_view section, const ZoneSettings& policy) {
  fmt::format_to(out, "\n[{}]\n", section);
  add_keys(out, policy, true);
}

void add_zone(Out out, const std::string& name, const ZoneSettings& zone) {
  add_policy(out, "zone." + name, zone);
  add_keys(out, zone, false);
}

void add_override(Out out, const OverrideConfig& entry) {
  const Override& rule = entry.rule;
  fmt::format_to(out, "\n[override.{}]\naction = \"{}\"\n", toml_text(entry.name), words(rule.action));
  if (rule.action == OverrideAction::answer)
    fmt::format_to(out, "answer = {}\nallow_plaintext = {}\n", toml_text(rule.answer), entry.allow_plaintext);
  fmt::format_to(out, "reason = {}\n", toml_text(rule.reason));
  if (rule.until != Time::max()) fmt::format_to(out, "until = {}\n", last_day(rule.until));
}

void add_log(Out out, const LogConfig& log) {
  fmt::format_to(out, "\n[log]\nlevel = \"{}\"\nformat = \"{}\"\ntarget = \"{}\"\n", words(log.level),
                 words(log.format), words(log.target));
}

void add_limits(Out out, const LimitsConfig& limits) {
  fmt::format_to(out, "\n[limits]\nconnections = {}\nidle = \"{}\"\nquery_bytes = {}\n", limits.connections,
                 format_duration(limits.idle), limits.query_bytes);
}

std::string patterns(const std::vector<AddressPattern>& values) {
  return list(values, [](const AddressPattern& each) { return to_string(each); });
}

void add_milter(Out out, const MilterConfig& milter) {
  fmt::format_to(out, "\n[milter]\nlisten = {}\nrequiretls = {}\nheaders = {}\n",
                 toml_text(milter_notation(milter.listen)), milter.requiretls,
                 list(milter.headers, format_header_match));
  fmt::format_to(out, "senders = {}\nrecipients = {}\nusers = {}\n", patterns(milter.senders),
                 patterns(milter.recipients), list(milter.users, same));
  fmt::format_to(out, "list_beats_tls_required = {}\nreply = {}\non_unknown = \"{}\"\nwait = \"{}\"\n",
                 milter.list_beats_tls_required, toml_text(format_reply_code(milter.reply)),
                 words(milter.on_unknown), format_duration(milter.wait));
  fmt::format_to(out, "socketmap = {}\nzone = {}\n",
                 toml_text(milter.socketmap ? to_string(*milter.socketmap) : ""), toml_text(milter.zone));
  fmt::format_to(out, "not_smtp = {}\nlocal_domains = {}\n", list(milter.not_smtp, same),
                 patterns(milter.local_domains));
  fmt::format_to(out, "warn_off_policy = {}\nadd_header = {}\nhttp = {}\n",
                 toml_text(milter.warn_off_policy ? format_reply_code(*milter.warn_off_policy) : ""),
                 toml_text(milter.add_header), toml_text(milter.http ? host_and_port(*milter.http) : ""));
}

void add_check(Out out, const CheckConfig& check) {
  fmt::format_to(out, "\n[check]\nehlo = {}\nca_file = {}\nallow_addresses = {}\n", toml_text(check.ehlo),
                 toml_text(check.ca_file), list(check.allow_addresses, format_cidr));
}

}  // namespace

std::string to_toml(const Config& config) {
  std::string text;
  Out out(text);
  add_listen(out, config.listen);
  add_cache(out, config.cache);
  add_dns(out, config.dns);
  add_https(out, config.https);
  add_policy(out, "policy", config.policy);
  for (const auto& [name, zone] : config.zones) add_zone(out, name, zone);
  for (const auto& entry : config.overrides) add_override(out, entry);
  add_log(out, config.log);
  add_limits(out, config.limits);
  add_milter(out, config.milter);
  add_check(out, config.check);
  return text;
}

}  // namespace mtasts
