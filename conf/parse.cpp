#include "conf/parse.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <type_traits>
#include <utility>
#include <variant>

#include "conf/milter_values.hpp"
#include "conf/overrides.hpp"
#include "conf/problems.hpp"
#include "conf/service_port.hpp"
#include "conf/shape.hpp"
#include "conf/table_reader.hpp"
#include "core/finding.hpp"
#include "core/text.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_file = 1 << 20;
constexpr std::chrono::milliseconds shortest = 100ms, longest = 10min;
constexpr std::chrono::milliseconds longest_milter_wait = 20s;  // of Postfix's milter_command_timeout, 30 s
constexpr std::string_view no_effect =
    "has no effect in this version; remove it, or leave it for a later one";

Config default_config(const DefaultPaths& defaults) {
  Config config;
  auto loopback = parse_address("127.0.0.1").value_or(Address{});
  config.listen.socketmap = {unix_endpoint("/var/spool/postfix/mtastsd/policy.sock"),
                             {Endpoint::Kind::inet, {}, loopback, 8463}};
  config.listen.control = defaults.control;
  config.listen.http = Endpoint{Endpoint::Kind::inet, {}, loopback, 8464};
  config.cache.path = defaults.state;
  return config;
}

void read_listen(TableReader section, ListenConfig& listen) {
  const ListenConfig defaults = listen;
  section.list("socketmap", listen.socketmap, read_endpoint);
  listen.socketmap_configured = section.has("socketmap");
  if (listen.socketmap.empty() && listen.socketmap_configured)
    section.error("socketmap", "has no endpoint; write at least one, or remove the key for the defaults");
  section.text("socket_mode", listen.socket_mode, read_socket_mode);
  section.text("socket_group", listen.socket_group, read_group);
  section.text("user", listen.user, read_user);
  listen.user_configured = section.has("user") && !listen.user.empty();
  section.text("control", listen.control, read_socket_path);
  section.text("http", listen.http, read_host_port);
  section.warn_if(listen.http && listen.http != defaults.http, "http", no_effect);
  section.number("workers", listen.workers, 0, 1024);
  section.finish();
}

void read_cache(TableReader section, CacheConfig& cache) {
  section.text("path", cache.path, read_absolute_path);
  cache.path_configured = section.has("path");
  section.size("max_size", cache.max_size, 1ull << 20, 1ull << 44);
  section.finish();
}

void read_forward(TableReader& section, DnsConfig& dns) {
  const toml::node* node = section.take("forward");
  if (node == nullptr) return;
  const auto* word = node->as_string();
  dns.forward_auto = word != nullptr && word->get() == "auto";
  if (dns.forward_auto) return;
  if (!node->is_array())
    return section.wrong_type(*node, "forward", "\"auto\" or an array of resolver addresses");
  section.list("forward", dns.forward, read_forwarder);
}

void read_dns(TableReader section, DnsConfig& dns) {
  read_forward(section, dns);
  section.list("private", dns.private_zones, read_dns_zone);
  section.text("root_hints", dns.root_hints, read_optional_path);
  section.text("trust_anchor", dns.trust_anchor, read_absolute_path);
  section.duration("timeout", dns.timeout, shortest, longest);
  section.finish();
}

void read_https(TableReader section, HttpsConfig& https) {
  section.text("ca_file", https.ca_file, read_optional_path);
  section.duration("timeout", https.timeout, shortest, longest);
  section.text("proxy", https.proxy, read_proxy);
  section.text("proxy_credentials_file", https.proxy_credentials_file, read_optional_path);
  section.warn_if(!https.proxy && !https.proxy_credentials_file.empty(), "proxy_credentials_file",
                  "has no effect without proxy; set proxy, or remove it");
  section.list("allow_addresses", https.allow_addresses, read_cidr);
  section.finish();
}

void read_value(TableReader& section, const ZoneKey& key, bool& out) { section.boolean(key.name, out); }

void read_value(TableReader& section, const ZoneKey& key, unsigned& out) {
  section.number(key.name, out, static_cast<unsigned>(key.least), static_cast<unsigned>(key.most));
}

void read_value(TableReader& section, const ZoneKey& key, std::chrono::milliseconds& out) {
  section.duration(key.name, out, std::chrono::milliseconds(key.least), std::chrono::milliseconds(key.most));
}

void read_value(TableReader& section, const ZoneKey& key, std::uint16_t& port) {
  const toml::node* node = section.take(key.name);
  if (node == nullptr) return;
  if (node->is_string()) return section.text(key.name, port, read_service_port);
  if (!node->is_integer())
    return section.wrong_type(*node, key.name, "a port number, or the name of a service in quotes");
  unsigned number = port;
  read_value(section, key, number);
  port = static_cast<std::uint16_t>(number);
}

template <class E>
  requires std::is_enum_v<E>
void read_value(TableReader& section, const ZoneKey& key, E& out) {
  section.choice(key.name, out);
}

void read_keys(TableReader& section, ZoneSettings& zone, bool of_policy) {
  for (const ZoneKey& key : zone_keys) {
    if (key.in_policy == of_policy)
      std::visit([&](auto member) { read_value(section, key, zone.*member); }, key.member);
  }
}

// dns_timeout: a lookup that may run longer than the whole wait could not be told from one that failed.
void read_policy(TableReader section, ZoneSettings& policy, std::chrono::milliseconds dns_timeout) {
  read_keys(section, policy, true);
  if (section.has("answer_timeout") && policy.answer_timeout <= dns_timeout)
    section.error("answer_timeout",
                  fmt::format("{} is not above dns.timeout ({}); raise it or lower dns.timeout",
                              format_duration(policy.answer_timeout), format_duration(dns_timeout)));
  section.warn_if(policy.first_fetch_wait > policy.answer_timeout, "first_fetch_wait",
                  fmt::format("is longer than answer_timeout ({}), which limits the whole wait; lower it",
                              format_duration(policy.answer_timeout)));
  section.finish();
}

void read_zones(const toml::table* zones, Config& config, Problems& problems) {
  if (zones == nullptr) return;
  for (auto&& [key, node] : *zones) {
    auto prefix = "zone." + printable(key.str());
    unsigned line = key.source().begin.line;
    if (!is_zone_name(key.str())) {
      problems.error(line, prefix, "is not a zone name; use 1 to 32 of a-z, 0-9, \"_\" and \"-\"");
    } else if (!node.is_table()) {
      problems.error(line, prefix, "is not a section; begin it with a line [zone.NAME]");
    } else {
      ZoneSettings policy = config.policy;
      TableReader section(node.as_table(), prefix, problems);
      read_keys(section, policy, false);
      read_policy(std::move(section), policy, config.dns.timeout);
      config.zones.insert_or_assign(std::string(key.str()), policy);
    }
  }
}

void read_log(TableReader section, LogConfig& log) {
  section.choice("level", log.level);
  section.choice("format", log.format);
  section.choice("target", log.target);
  section.finish();
}

void read_limits(TableReader section, LimitsConfig& limits) {
  section.number("connections", limits.connections, 1, 1'000'000);
  std::chrono::milliseconds idle = limits.idle;
  section.duration("idle", idle, 1s, 24h);
  if (idle % 1s != 0ms) section.error("idle", "must be whole seconds; write it as \"300s\"");
  limits.idle = std::chrono::floor<std::chrono::seconds>(idle);
  section.number("query_bytes", limits.query_bytes, 512, 1'000'000);
  section.finish();
}

void check_milter(TableReader& section, const Config& config) {
  const MilterConfig& milter = config.milter;
  if (!milter.zone.empty() && !config.zones.contains(milter.zone))
    section.error("zone",
                  fmt::format("there is no section [zone.{}] in this file; add it, or write \"\" for the "
                              "rules of [policy]",
                              printable(milter.zone)));
  auto is_added = [&](const HeaderMatch& header) { return equal_folded(header.name, milter.add_header); };
  if (std::ranges::any_of(milter.headers, is_added))
    section.error("add_header",
                  fmt::format("\"{}\" is in headers too, where it demands TLS; write another name",
                              printable(milter.add_header)));
  if (section.has("listen") && std::ranges::count(config.listen.socketmap, milter.listen) != 0)
    section.error("listen",
                  fmt::format("\"{}\" is in [listen] socketmap too, where mtastsd listens; write another "
                              "address or port",
                              printable(milter_notation(milter.listen))));
}

void read_milter(TableReader section, Config& config) {
  MilterConfig& milter = config.milter;
  section.text("listen", milter.listen, read_milter_endpoint);
  section.boolean("requiretls", milter.requiretls);
  section.list("headers", milter.headers, read_header_match);
  section.list("senders", milter.senders, read_address_pattern);
  section.list("recipients", milter.recipients, read_address_pattern);
  section.list("users", milter.users, read_login);
  section.boolean("list_beats_tls_required", milter.list_beats_tls_required);
  section.text("reply", milter.reply, read_reply_code);
  section.choice("on_unknown", milter.on_unknown);
  section.duration("wait", milter.wait, shortest, longest_milter_wait);
  section.text("socketmap", milter.socketmap, read_optional_endpoint);
  section.text("zone", milter.zone,
               [](std::string_view name) -> Read<std::string> { return std::string(name); });
  section.list("not_smtp", milter.not_smtp, read_transport);
  section.list("local_domains", milter.local_domains, read_domain_pattern);
  section.text("warn_off_policy", milter.warn_off_policy, read_optional_reply_code);
  section.text("add_header", milter.add_header, read_header_name);
  section.text("http", milter.http, read_host_port);
  section.warn_if(milter.http.has_value(), "http", no_effect);
  check_milter(section, config);
  section.finish();
}

void read_check(TableReader section, CheckConfig& check) {
  section.text("ehlo", check.ehlo, read_ehlo);
  section.text("ca_file", check.ca_file, read_optional_path);
  section.list("allow_addresses", check.allow_addresses, read_cidr);
  section.finish();
}

// A section of a later version. Its contents do not matter: one file may serve several programs and versions.
void pass_over(TableReader& root, std::string_view section) {
  if (root.table(section) != nullptr) root.warn_if(true, section, no_effect);
}

void read_root(const toml::table& table, Config& config, Problems& problems, Time now) {
  TableReader root(&table, "", problems);
  read_listen({root.table("listen"), "listen", problems}, config.listen);
  read_cache({root.table("cache"), "cache", problems}, config.cache);
  read_dns({root.table("dns"), "dns", problems}, config.dns);
  read_https({root.table("https"), "https", problems}, config.https);
  read_policy({root.table("policy"), "policy", problems}, config.policy, config.dns.timeout);
  read_zones(root.table("zone"), config, problems);
  read_overrides(root.take("override"), config.overrides, config.dns.private_zones, problems, now);
  read_log({root.table("log"), "log", problems}, config.log);
  read_limits({root.table("limits"), "limits", problems}, config.limits);
  read_milter({root.table("milter"), "milter", problems}, config);
  read_check({root.table("check"), "check", problems}, config.check);
  pass_over(root, "refresh");
  root.finish();
}

// The half of "dns.timeout is below answer_timeout" that read_policy() does not check: answer_timeout is left
// at its default.
void check_dns_timeout(const toml::table& table, const Config& config, Problems& problems) {
  const auto* dns = table.get_as<toml::table>("dns");
  const auto* policy = table.get_as<toml::table>("policy");
  if (dns == nullptr || !dns->contains("timeout") ||
      (policy != nullptr && policy->contains("answer_timeout")))
    return;
  if (config.dns.timeout < config.policy.answer_timeout) return;
  problems.error(
      dns->get("timeout")->source().begin.line, "dns.timeout",
      fmt::format("{} is not below policy.answer_timeout ({}); lower it or raise policy.answer_timeout",
                  format_duration(config.dns.timeout), format_duration(config.policy.answer_timeout)));
}

// A full disk or a crash leaves a file with nothing in it. Going on with the defaults would drop every rule
// that was in it. A device such as /dev/null is meant to be empty.
bool is_cut_off(std::string_view text, const Fd& file) noexcept {
  struct stat info{};
  bool regular = ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode);
  return regular && text.find_first_not_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos;
}

}  // namespace

Result<Parsed> parse_config(std::string_view text, std::string_view file, const DefaultPaths& defaults,
                            Time now) try {
  Problems problems{printable(file, 4096)};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark, which some editors write
  if (text.size() > max_file) {
    problems.error(0, "", "the file is larger than 1 MiB; is it the right one?");
    return fail(Fault::syntax, problems.errors());
  }
  auto safe = safe_toml(text);
  if (!safe) {
    problems.error(safe.error().line, "", fmt::format("{}; see mtastsd.toml(5)", safe.error().what));
    return fail(Fault::syntax, problems.errors());
  }

  toml::table table = toml::parse(*safe, std::string_view{});
  Config config = default_config(defaults);
  read_root(table, config, problems, now);
  check_dns_timeout(table, config, problems);
  if (problems.any_errors()) return fail(Fault::config, problems.errors());
  return Parsed{std::move(config), problems.warnings()};
} catch (const toml::parse_error& error) {
  Problems problems{printable(file, 4096)};
  problems.error(error.source().begin.line, "",
                 printable(error.description(), 300) + "; see mtastsd.toml(5)");
  return fail(Fault::syntax, problems.errors());
} catch (const std::exception& error) {
  return fail(Fault::syntax, fmt::format("{}: cannot be read: {}", printable(file, 4096), error.what()));
}

Result<Parsed> load_config(const std::string& path, const DefaultPaths& defaults, Time now) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  auto text = file ? read_to_end(file, max_file + 1) : std::unexpected(errno);
  if (!text)
    return fail(Fault::config, fmt::format("{}: cannot be read: {}; check its name and permissions",
                                           printable(path, 4096), std::strerror(text.error())));
  if (is_cut_off(*text, file))
    return fail(Fault::syntax,
                fmt::format("{}: is empty, perhaps because a write was cut short; write it again, "
                            "or write a line with \"#\" to use the defaults",
                            printable(path, 4096)));
  auto parsed = parse_config(*text, path, defaults, now);
  if (parsed) parsed->text = *std::move(text);
  return parsed;
}

Result<Parsed> find_config(std::string& file, const DefaultPaths& defaults, Time now) {
  std::error_code error;
  if (file.empty() && (std::filesystem::exists(default_config_file, error) || error))
    file = default_config_file;
  return file.empty() ? parse_config("", "defaults", defaults) : load_config(file, defaults, now);
}

}  // namespace mtasts
