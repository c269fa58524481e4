#include "conf/milter_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/finding.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_line = 998;  // octets of a line of mail (RFC 5322 §2.1.1)
constexpr std::size_t max_header_name = 76;

// Header fields that mean something to mail software. Require-TLS-ESMTP is a demand to Postfix itself, and
// Delivered-To a sign of a loop.
constexpr auto used_by_mail = std::to_array<std::string_view>({"From",
                                                               "To",
                                                               "Cc",
                                                               "Bcc",
                                                               "Sender",
                                                               "Reply-To",
                                                               "Date",
                                                               "Subject",
                                                               "Message-ID",
                                                               "Received",
                                                               "Return-Path",
                                                               "TLS-Required",
                                                               "In-Reply-To",
                                                               "References",
                                                               "MIME-Version",
                                                               "Content-Type",
                                                               "Content-Transfer-Encoding",
                                                               "Delivered-To",
                                                               "DKIM-Signature",
                                                               "Authentication-Results",
                                                               "Require-TLS-ESMTP"});

std::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return std::unexpected(fmt::format("\"{}\" {}", printable(text), what));
}

bool has_control(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// libmilter's "PORT@HOST" as "inet:HOST:PORT", which read_endpoint() knows.
std::string turned_round(std::string_view port, std::string_view host, bool v6) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = v6 ? "::1" : "127.0.0.1";
  return fmt::format("inet:{}{}{}:{}", host.contains(':') ? "[" : "", host, host.contains(':') ? "]" : "",
                     port);
}

// text: what follows "inet:" or "inet6:".
std::optional<Endpoint> inet_of(std::string_view text, bool v6) {
  auto at = text.find('@');
  bool postfix = at == std::string_view::npos;
  auto endpoint = read_endpoint(postfix ? fmt::format("inet:{}", text)
                                        : turned_round(text.substr(0, at), text.substr(at + 1), v6));
  bool fits = endpoint && (endpoint->address.v6 == v6 || (postfix && !v6));
  return fits ? std::optional(*std::move(endpoint)) : std::nullopt;
}

bool is_quoted_string(std::string_view text) noexcept {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] == '\\' && ++i == text.size()) return false;
  }
  return true;
}

// The local part of an address as people write it (RFC 5321 §4.1.2, RFC 6531), without "*", which would be
// taken for a pattern.
bool is_local_part(std::string_view text) noexcept {
  if (text.empty() || has_control(text)) return false;
  return is_quoted_string(text) || text.find_first_of(" \"()<>[]:;@\\,*") == std::string_view::npos;
}

std::unexpected<std::string> not_a_pattern(std::string_view text) {
  return wrong(
      text,
      "is not an address; write \"user@example.com\", \"example.com\" for every address of a domain, "
      "\"*.example.com\" for those of every domain below it, or \"*\" for every address");
}

// Takes off one of the two numbers of a status code: up to three digits, without leading zeros (RFC 3463 §2).
bool takes_number(std::string_view& text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  bool well = length >= 1 && length <= 3 && (length == 1 || text.front() != '0');
  text.remove_prefix(length);
  return well;
}

bool takes(std::string_view& text, char c) noexcept {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool is_status(std::string_view text) noexcept {
  bool has_class = takes(text, '4') || takes(text, '5');
  return has_class && takes(text, '.') && takes_number(text) && takes(text, '.') && takes_number(text) &&
         text.empty();
}

// Of a reply that refuses mail (RFC 5321 §4.2).
bool is_code(std::string_view text) noexcept {
  return text.size() == 3 && (text[0] == '4' || text[0] == '5') && text[1] >= '0' && text[1] <= '5' &&
         is_digit(text[2]);
}

bool is_header_name(std::string_view text) noexcept {  // ftext of RFC 5322 §3.6.8
  auto allowed = [](char c) { return is_printable(c) && c != ' ' && c != ':'; };
  return !text.empty() && text.size() <= max_header_name && std::ranges::all_of(text, allowed);
}

}  // namespace

Read<Endpoint> read_milter_endpoint(std::string_view text) {
  for (std::string_view scheme : {"unix:", "local:"})
    if (text.starts_with(scheme)) return read_endpoint(fmt::format("unix:{}", text.substr(scheme.size())));
  bool v6 = text.starts_with("inet6:");
  if (v6 || text.starts_with("inet:")) {
    if (auto endpoint = inet_of(text.substr(text.find(':') + 1), v6)) return *std::move(endpoint);
  }
  return wrong(text,
               "is not where a milter can listen; write inet:18899@127.0.0.1, inet6:18899@::1 or unix:/PATH");
}

std::string milter_notation(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_path) return to_string(endpoint);
  return fmt::format("{}:{}@{}", endpoint.address.v6 ? "inet6" : "inet", endpoint.port,
                     to_string(endpoint.address));
}

Read<std::optional<Endpoint>> read_optional_endpoint(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return read_endpoint(text);
}

Read<AddressPattern> read_address_pattern(std::string_view text) {
  using Kind = AddressPattern::Kind;
  if (text == "*") return AddressPattern{};
  auto at = text.rfind('@');
  bool below = text.starts_with("*.") && at == std::string_view::npos;
  auto local = at == std::string_view::npos ? std::string_view() : text.substr(0, at);
  auto domain = read_dns_zone(below ? text.substr(2) : text.substr(at + 1));  // npos + 1 is 0
  if (!domain) return not_a_pattern(text);
  if (below) return AddressPattern{Kind::below, {}, *std::move(domain)};
  if (local.empty()) return AddressPattern{Kind::domain, {}, *std::move(domain)};
  if (local == "*") return wrong(text, fmt::format("has a \"*\" before the \"@\"; write \"{}\"", *domain));
  if (!is_local_part(local)) return not_a_pattern(text);
  return AddressPattern{Kind::address, std::string(local), *std::move(domain)};
}

Read<AddressPattern> read_domain_pattern(std::string_view text) {
  auto pattern = read_address_pattern(text);
  if (pattern && pattern->kind == AddressPattern::Kind::address)
    return wrong(text, fmt::format("is one address; write its domain, \"{}\"", pattern->domain));
  return pattern;
}

Read<ReplyCode> read_reply_code(std::string_view text) {
  auto code = text.substr(0, text.find(' '));
  auto status = text.substr(std::min(code.size() + 1, text.size()));
  if (!is_code(code) || !is_status(status))
    return wrong(
        text,
        "is not a reply that refuses mail; write a code of 4xx or 5xx and an enhanced status code, such "
        "as \"550 5.7.10\"");
  if (code == "421")
    return wrong(text, "would end the whole SMTP session; write another code, such as \"450 4.7.10\"");
  if (code.front() != status.front())
    return wrong(text, fmt::format("mixes 4, which defers mail, and 5, which refuses it; write \"{} {}{}\"",
                                   code, code.front(), status.substr(1)));
  auto digit = [&](std::size_t i) { return static_cast<unsigned>(code[i] - '0'); };
  return ReplyCode{digit(0) * 100 + digit(1) * 10 + digit(2), std::string(status)};
}

Read<std::optional<ReplyCode>> read_optional_reply_code(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return read_reply_code(text);
}

std::string format_reply_code(const ReplyCode& reply) {
  return fmt::format("{} {}", reply.code, reply.status);
}

Read<HeaderMatch> read_header_match(std::string_view text) {
  auto colon = std::min(text.find(':'), text.size());
  auto name = text.substr(0, colon);
  auto value = trim(text.substr(std::min(colon + 1, text.size())));
  if (!is_header_name(name) || value.empty() || has_control(value) || text.size() > max_line)
    return wrong(
        text,
        "is not a header field with a value; write \"NAME: VALUE\", such as \"Require-TLS-ESMTP: yes\"");
  if (equal_folded(name, "TLS-Required"))
    return wrong(text, "is understood already, as a wish for mail without TLS; remove it");
  return HeaderMatch{std::string(name), std::string(value)};
}

std::string format_header_match(const HeaderMatch& header) {
  return fmt::format("{}: {}", header.name, header.value);
}

Read<std::string> read_header_name(std::string_view text) {
  if (text.empty()) return std::string();
  if (!is_header_name(text))
    return wrong(
        text,
        "is not the name of a header field; write letters, digits and \"-\" without a colon, such as "
        "\"X-TLS-Decision\", or \"\" for none");
  if (std::ranges::any_of(used_by_mail, [&](std::string_view used) { return equal_folded(used, text); }))
    return wrong(
        text,
        "is a header field that mail itself uses; write a name of your own, such as \"X-TLS-Decision\"");
  return std::string(text);
}

Read<std::string> read_login(std::string_view text) {
  if (!text.empty() && text == trim(text) && !has_control(text)) return std::string(text);
  return wrong(
      text, "is not a login name; write it as the mail client does, or \"*\" for every authenticated user");
}

Read<std::string> read_transport(std::string_view text) {
  auto allowed = [](char c) { return is_printable(c) && c != ' ' && c != ':'; };
  if (!text.empty() && std::ranges::all_of(text, allowed)) return std::string(text);
  return wrong(text, "is not the name of a transport; write it as master.cf has it, such as \"lmtp\"");
}

}  // namespace mtasts
