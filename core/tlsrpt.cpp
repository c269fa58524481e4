// Codes of findings. Errors: tlsrpt-multiple, tlsrpt-version (a warning beside a good record), field-syntax,
// tlsrpt-rua-missing, tlsrpt-rua-no-scheme, tlsrpt-rua-scheme (a warning beside a usable URI),
// tlsrpt-rua-syntax. Warnings: tlsrpt-rua-twice, empty-field, trailing-blank. Info: unknown-field.

#include "core/tlsrpt.hpp"

#include <algorithm>
#include <expected>
#include <utility>

#include "core/catalogue.hpp"
#include "core/domain_name.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

constexpr std::string_view version = "v=TLSRPTv1";
constexpr std::size_t most_findings = 20;  // of errors, and as many of the rest; records come from strangers

void append(Findings& findings, Finding finding) {
  if (findings.size() < most_findings) findings.push_back(std::move(finding));
}

struct Fault {
  std::string_view code;
  std::string why;  // a clause, after the URI and a colon
};

using Read = std::expected<ReportTarget, Fault>;

Read bad_syntax(std::string why) { return std::unexpected(Fault{"tlsrpt-rua-syntax", std::move(why)}); }

// Octets of a URI (RFC 3986 §2) but for those that RFC 8460 §3 wants percent-encoded.
constexpr OctetSet uri_octets([](char c) {
  return is_alnum(c) || std::string_view("-._~:/?#[]@$&'()*+=%").contains(c);
});
// A mail address in a mailto URI; anything else in it is percent-encoded (RFC 6068 §2).
constexpr OctetSet local_octets([](char c) {
  return is_alnum(c) || std::string_view("-._~$'*+%").contains(c);
});
constexpr OctetSet scheme_octets([](char c) { return is_alnum(c) || std::string_view("+-.").contains(c); });

std::string octet_fault(char c) {
  if (c == '!') return "\"!\" must be written as %21; a size limit, as in DMARC, does not exist";
  if (is_blank(c)) return "a blank within it; between two URIs write a comma";
  return in_quotes({&c, 1}) + " does not belong in a URI";
}

bool is_host(std::string_view host) noexcept {
  bool literal = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  return literal || DomainName::is_numeric(host) || DomainName::parse(host).has_value();
}

// rest: after "mailto:".
Read read_mailto(std::string_view rest) {
  std::string_view address = rest.substr(0, rest.find_first_of("?#"));
  if (address.empty()) return bad_syntax("the mail address is missing");
  std::size_t at = address.find('@');
  std::string_view local = address.substr(0, at);
  if (at == std::string_view::npos || local.empty() || !local_octets.all(local))
    return bad_syntax(in_quotes(address) + " is not a mail address");
  std::string_view domain = address.substr(at + 1);
  if (!is_host(domain)) return bad_syntax(in_quotes(domain) + " is not the domain of a mail address");
  return ReportTarget{ReportTarget::Kind::mail, std::string(domain)};
}

std::string_view without_port(std::string_view authority) noexcept {
  std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return authority;
  return std::ranges::all_of(authority.substr(colon + 1), is_digit) ? authority.substr(0, colon) : authority;
}

// rest: after "https:".
Read read_https(std::string_view rest) {
  if (!rest.starts_with("//")) return bad_syntax("after https: two slashes and a host must follow");
  std::string_view authority = rest.substr(2, rest.find_first_of("/?#", 2) - 2);
  std::string_view host = without_port(authority.substr(authority.rfind('@') + 1));
  if (host.empty()) return bad_syntax("the host is missing");
  if (!is_host(host)) return bad_syntax(in_quotes(host) + " is not a host name");
  return ReportTarget{ReportTarget::Kind::https, std::string(host)};
}

Read read_uri(std::string_view uri) {
  if (uri.empty()) return bad_syntax("there is no URI");
  std::size_t colon = uri.find(':');
  std::string_view scheme = uri.substr(0, colon);
  bool has_scheme =
      colon != std::string_view::npos && !scheme.empty() && !is_digit(scheme[0]) && scheme_octets.all(scheme);
  if (!has_scheme && uri.contains('@'))
    return std::unexpected(Fault{"tlsrpt-rua-no-scheme", "write mailto: before a mail address"});
  if (!has_scheme) return std::unexpected(Fault{"tlsrpt-rua-scheme", "it begins with no scheme"});
  bool mailto = equal_folded(scheme, "mailto"), https = equal_folded(scheme, "https");
  if (!mailto && !https) {
    return std::unexpected(
        Fault{"tlsrpt-rua-scheme", "the scheme must be mailto or https, not " + in_quotes(scheme)});
  }
  std::size_t good = uri_octets.span(uri);
  if (good < uri.size()) return bad_syntax(octet_fault(uri[good]));
  std::string_view rest = uri.substr(colon + 1);
  return mailto ? read_mailto(rest) : read_https(rest);
}

// The fields of one TLSRPT record.
struct Fields {
  Findings errors, remarks, skipped;  // skipped: URIs of other schemes
  std::vector<std::string> uris;
  bool has_rua = false, after_rua = false;  // after_rua: the field before this one was rua
  std::string_view odd_name;                // a name that may be meant as rua

  void error(std::string_view code, std::string message) {
    append(errors, make_finding(code, std::move(message)));
  }
  void remark(std::string_view code, std::string message) {
    append(remarks, make_finding(code, std::move(message)));
  }

  void read_one(std::string_view uri) {
    Read target = read_uri(uri);
    if (target) return uris.emplace_back(uri), void();
    Finding finding = make_finding(target.error().code, in_quotes(uri) + ": " + target.error().why, {},
                                   printable(uri, 300));
    append(finding.code == "tlsrpt-rua-scheme" ? skipped : errors, std::move(finding));
  }

  void read_rua(std::string_view list) {
    if (std::exchange(has_rua, true))
      return remark("tlsrpt-rua-twice", "a second rua is ignored: the first counts");
    if (!list.empty() && is_blank(list.front()))
      return error("tlsrpt-rua-syntax", "a blank stands between \"rua=\" and the first URI");
    while (true) {
      std::size_t comma = list.find(',');
      read_one(trim(list.substr(0, comma)));
      if (comma == std::string_view::npos) return;
      list.remove_prefix(comma + 1);
    }
  }

  void read(std::string_view field) {
    std::size_t equals = field.find('=');
    std::string_view name = field.substr(0, equals);
    bool was_after_rua = std::exchange(after_rua, name == "rua");
    bool pair = equals != std::string_view::npos && is_extension_name(name);
    if (!pair && was_after_rua)
      return error("tlsrpt-rua-syntax", in_quotes(field) +
                                            " follows a \";\", which ends the list of URIs; write a comma "
                                            "between two URIs, and %3B within one");
    if (pair && name == "rua") return read_rua(field.substr(4));
    if (!pair || !is_value(field.substr(equals + 1)))
      return error("field-syntax",
                   in_quotes(field) + " does not follow the grammar name=value of RFC 8460 section 3");
    if (name == "ruf" || equal_folded(name, "rua")) odd_name = name;
    remark("unknown-field", "unknown field " + in_quotes(name) + " is allowed and ignored");
  }

  static bool is_value(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return is_printable(c) && c != ' ' && c != '=' && c != ';';
    });
  }

  // What all fields together must have.
  void judge() {
    if (!has_rua) {
      std::string hint = odd_name.empty() ? "" : "; " + std::string(odd_name) + " is another field";
      error("tlsrpt-rua-missing", "the record has no field rua" + hint);
    }
    bool harmless = errors.empty() && !uris.empty();
    for (Finding& finding : skipped) {
      if (harmless) finding.severity = Severity::warning;
      append(harmless ? remarks : errors, std::move(finding));
    }
  }
};

// The fields after "v=TLSRPTv1": each follows a ";", with blanks and tabs around it.
Fields read_fields(std::string_view rest) {
  Fields fields;
  rest.remove_prefix(rest.find(';') + 1);
  while (true) {
    std::size_t end = rest.find(';');
    std::string_view piece = rest.substr(0, end), field = trim(piece);
    bool last = end == std::string_view::npos;
    if (!field.empty()) fields.read(field);
    if (field.empty() && !last) fields.remark("empty-field", "an empty field between two \";\"");
    if (last && !field.empty() && is_blank(piece.back()))
      fields.remark("trailing-blank", "a blank at the end of the record");
    if (last) break;
    rest.remove_prefix(end + 1);
  }
  fields.judge();
  return fields;
}

TlsRptLint lint_one(std::string_view record) {
  Fields fields = read_fields(record.substr(version.size()));
  bool valid = fields.errors.empty();
  TlsRptLint lint{valid ? TxtVerdict::valid : TxtVerdict::invalid, {}, std::move(fields.errors)};
  if (valid) lint.uris = std::move(fields.uris);
  std::ranges::move(fields.remarks, std::back_inserter(lint.findings));
  return lint;
}

TlsRptLint lint_many(const std::vector<std::string_view>& ours) {
  TlsRptLint lint{TxtVerdict::invalid, {}, {}};
  lint.findings.push_back(make_finding(
      "tlsrpt-multiple", std::to_string(ours.size()) + " TLSRPT records, but there must be exactly one: " +
                             in_quotes(ours[0]) + ", " + in_quotes(ours[1])));
  return lint;
}

bool contains_folded(std::string_view text, std::string_view part) noexcept {
  auto same = [](char a, char b) { return to_lower(a) == to_lower(b); };
  return !std::ranges::search(text, part, same).empty();
}

// A record that is not a TLSRPT record: what its owner may have meant. "": something else.
std::string stranger_fault(std::string_view record) {
  if (record.starts_with(version)) {
    std::string_view rest = trim(record.substr(version.size()));
    if (rest.empty()) return "a \";\" and rua must follow v=TLSRPTv1";
    return "after v=TLSRPTv1 a \";\" must follow, not " + in_quotes(rest.substr(0, 1));
  }
  std::string_view bare = record.substr(std::min(record.find_first_not_of(" \t\"\\'"), record.size()));
  if (bare.size() != record.size() && contains_folded(bare.substr(0, version.size()), version))
    return "blanks or quotes stand before v=TLSRPTv1";
  if (record.contains(version)) return "v=TLSRPTv1 must stand first";
  std::string_view start = record.substr(0, record.find(';')).substr(0, 20);
  bool meant = contains_folded(start, "tlsrpt") || contains_folded(start, "tls-rpt");
  return meant ? "the record must begin v=TLSRPTv1, in this case, without blanks" : "";
}

Findings judge_strangers(std::span<const std::string> records, bool alone) {
  Findings found;
  for (const std::string& record : records) {
    std::string fault = is_tlsrpt_record(record) ? "" : stranger_fault(record);
    if (fault.empty()) continue;
    append(found,
           make_finding("tlsrpt-version", in_quotes(record) + ": " + fault, {}, printable(record, 300)));
    if (!alone) found.back().severity = Severity::warning;
  }
  return found;
}

}  // namespace

bool is_tlsrpt_record(std::string_view record) noexcept {
  return record.starts_with(version) && trim_front(record.substr(version.size())).starts_with(';');
}

std::optional<ReportTarget> report_target(std::string_view uri) {
  Read target = read_uri(uri);
  return target ? std::optional(*std::move(target)) : std::nullopt;
}

TlsRptLint lint_tlsrpt(std::span<const std::string> records) {
  std::vector<std::string_view> ours;
  std::ranges::copy_if(records, std::back_inserter(ours), is_tlsrpt_record);
  TlsRptLint lint = ours.empty()       ? TlsRptLint{TxtVerdict::none, {}, {}}
                    : ours.size() == 1 ? lint_one(ours[0])
                                       : lint_many(ours);
  Findings strangers = judge_strangers(records, ours.empty());
  std::ranges::move(strangers, std::back_inserter(lint.findings));
  return lint;
}

}  // namespace mtasts
