// config - mtastsd.toml as a value (mtastsd.toml(5)). Everything has a default, so an empty file is a valid
// one.
//
// The text is hostile until conf/parse.hpp has parsed it. Wrong types, values out of range and unknown keys
// are errors with file, line, key and remedy.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/endpoint.hpp"
#include "core/mail_address.hpp"
#include "core/name_server.hpp"
#include "core/override.hpp"
#include "core/proxy_address.hpp"
#include "core/zone_settings.hpp"

namespace mtasts {

struct ListenConfig {
  std::vector<Endpoint> socketmap;  // defaults: default_config() in conf/parse.cpp
  // False: the defaults. A default that can't be bound is only a warning while another works.
  bool socketmap_configured = false;
  unsigned socket_mode = 0666;
  std::string socket_group;      // empty: unchanged
  std::string user = "mtastsd";  // mtastsd becomes it after binding, if started as root; empty: stays root
  bool user_configured = false;  // false: the default, used only if there is such a user
  std::string control;           // path of the control socket
  std::optional<Endpoint> http;  // an inet endpoint; nullopt: off
  unsigned workers = 0;          // answer threads; 0 = number of usable cores
  friend bool operator==(const ListenConfig&, const ListenConfig&) = default;
};

struct CacheConfig {
  std::string path;  // folder of the LMDB environment
  bool path_configured = false;
  std::uint64_t max_size = 1ull << 30;  // bytes of used pages
  friend bool operator==(const CacheConfig&, const CacheConfig&) = default;
};

struct DnsConfig {
  bool forward_auto = true;         // forward = "auto"
  std::vector<NameServer> forward;  // none has an interface; empty and not auto: full recursion
  std::vector<std::string> private_zones;
  std::string root_hints;  // a file; empty: libunbound's own
  std::string trust_anchor = "/usr/share/dns/root.key";
  std::chrono::milliseconds timeout{5000};
  friend bool operator==(const DnsConfig&, const DnsConfig&) = default;
};

struct HttpsConfig {
  std::string ca_file;  // empty: the system's store
  std::chrono::milliseconds timeout{30000};
  std::optional<ProxyAddress> proxy;
  std::string proxy_credentials_file;  // has user:password for the proxy; empty: no login
  std::vector<Cidr> allow_addresses;
  friend bool operator==(const HttpsConfig&, const HttpsConfig&) = default;
};

struct OverrideConfig {  // [override."NAME"]
  std::string name;      // as written, for messages, list and explain
  OverrideKey key;
  Override rule;
  bool allow_plaintext = false;
  friend bool operator==(const OverrideConfig&, const OverrideConfig&) = default;
};

struct LogConfig {
  enum class Level { error, warning, info, debug };
  enum class Format { text, json };
  enum class Target { standard_error, syslog, journal };
  Level level = Level::info;
  Format format = Format::text;
  Target target = Target::standard_error;
  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

// As written in the file. enum_words<LogConfig::Level> converts back.
constexpr std::string_view words(LogConfig::Level level) noexcept {
  switch (level) {
    case LogConfig::Level::error: return "error";
    case LogConfig::Level::warning: return "warning";
    case LogConfig::Level::info: return "info";
    case LogConfig::Level::debug: return "debug";
  }
  return {};
}

constexpr std::string_view words(LogConfig::Format format) noexcept {
  switch (format) {
    case LogConfig::Format::text: return "text";
    case LogConfig::Format::json: return "json";
  }
  return {};
}

constexpr std::string_view words(LogConfig::Target target) noexcept {
  switch (target) {
    case LogConfig::Target::standard_error: return "stderr";
    case LogConfig::Target::syslog: return "syslog";
    case LogConfig::Target::journal: return "journal";
  }
  return {};
}

struct LimitsConfig {
  unsigned connections = 20000;    // over all socketmap sockets
  std::chrono::seconds idle{300};  // a silent connection is closed after this
  unsigned query_bytes = 10000;    // the longest request accepted
  friend bool operator==(const LimitsConfig&, const LimitsConfig&) = default;
};

// A reply that refuses mail: "550 5.7.10".
struct ReplyCode {
  unsigned code = 0;   // 400 to 599, of three digits
  std::string status;  // the enhanced status code, of the same class (RFC 3463)
  friend bool operator==(const ReplyCode&, const ReplyCode&) = default;
};

// A header field that demands verified TLS. Name and value are compared without the case of ASCII letters,
// the value without the blanks around it.
struct HeaderMatch {
  std::string name, value;  // neither is empty
  friend bool operator==(const HeaderMatch&, const HeaderMatch&) = default;
};

// What mail with a demand gets while it is not known whether the demand can be met.
enum class OnUnknown { tempfail, accept };

constexpr std::string_view words(OnUnknown what) noexcept {
  switch (what) {
    case OnUnknown::tempfail: return "tempfail";
    case OnUnknown::accept: return "accept";
  }
  return {};
}

struct MilterConfig {  // for mtasts-milter
  Endpoint listen{Endpoint::Kind::inet, {}, {false, {127, 0, 0, 1}}, 18899};
  bool requiretls = true;
  std::vector<HeaderMatch> headers{{"Require-TLS-ESMTP", "yes"}};
  std::vector<AddressPattern> senders, recipients;
  std::vector<std::string> users;  // SASL login names; "*": every authenticated user
  bool list_beats_tls_required = true;
  ReplyCode reply{550, "5.7.10"};
  OnUnknown on_unknown = OnUnknown::tempfail;
  std::chrono::milliseconds wait{5000};
  std::optional<Endpoint> socketmap;  // nullopt: those of [listen] socketmap, tried in order
  std::string zone;                   // one of Config::zones; empty: [policy]
  // Transports of Postfix that don't speak SMTP.
  std::vector<std::string> not_smtp{"local", "virtual",  "lmtp", "error",   "retry", "discard",
                                    "pipe",  "maildrop", "uucp", "dovecot", "cyrus", "mailman"};
  std::vector<AddressPattern> local_domains;  // none has Kind::address
  std::optional<ReplyCode> warn_off_policy;   // nullopt: such recipients are accepted
  std::string add_header;                     // the name of a header field; empty: none
  std::optional<Endpoint> http;               // an inet endpoint; nullopt: off
  friend bool operator==(const MilterConfig&, const MilterConfig&) = default;
};

struct CheckConfig {  // for mtastsctl check and smtp
  std::string ehlo;   // a domain name or an address literal; empty: this host's name, else an address literal
  std::string ca_file;                // for MX hosts, beside HttpsConfig::ca_file; empty: none
  std::vector<Cidr> allow_addresses;  // of MX hosts, beside HttpsConfig::allow_addresses
  friend bool operator==(const CheckConfig&, const CheckConfig&) = default;
};

struct Config {
  ListenConfig listen;
  CacheConfig cache;
  DnsConfig dns;
  HttpsConfig https;
  ZoneSettings policy;
  std::map<std::string, ZoneSettings, std::less<>> zones;  // by name, already merged with [policy]
  std::vector<OverrideConfig> overrides;                   // in the order of the file
  LogConfig log;
  LimitsConfig limits;
  MilterConfig milter;
  CheckConfig check;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace mtasts
