// Codes of findings. Errors: multiple-records, field-syntax, id-missing, id-syntax. Warnings:
// duplicate-field, empty-field, trailing-blank; and if there is no MTA-STS record: wrong-version,
// no-delimiter, version-not-first, stray-characters. Info: unknown-field, unrelated-record.

#include "core/sts_record.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/text.hpp"

namespace mtasts {

namespace {

constexpr std::string_view version = "v=STSv1";
constexpr std::size_t max_remarks = 20;  // warnings and infos; a name may have any number of TXT records

void remark(Findings& findings, std::string_view code, Severity severity, std::string message) {
  if (findings.size() < max_remarks) findings.push_back({code, severity, std::move(message)});
}

// sts-ext-value: printable ASCII without blank, "=" and ";" (RFC 8461 §3.1).
bool is_value(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_printable(c) && c != ' ' && c != '=' && c != ';';
  });
}

bool is_id(std::string_view text) noexcept {  // STS-5
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, is_alnum);
}

std::string id_message(std::string_view id) {
  std::string message = "id " + in_quotes(id);
  if (id.empty()) return message + " is empty; it must be 1 to 32 letters and digits";
  auto bad = std::ranges::find_if_not(id, is_alnum);
  if (bad == id.end()) return "id " + too_long(id, 32);
  return message + ": " + in_quotes({bad, 1}) + " at position " + std::to_string(bad - id.begin() + 1) +
         "; only letters and digits are allowed";
}

// The fields of one MTA-STS record.
struct Fields {
  Findings errors, remarks;
  std::optional<std::string_view> id;

  void error(std::string_view code, std::string message) {
    if (errors.empty()) errors.push_back({code, Severity::error, std::move(message)});
  }

  void read_id(std::string_view value) {
    if (id) {
      remark(remarks, "duplicate-field", Severity::warning,
             "a second id is ignored: the first counts");  // STS-6
      return;
    }
    id = value;
    if (!is_id(value)) error("id-syntax", id_message(value));
  }

  void read(std::string_view field) {
    std::size_t equals = field.find('=');
    std::string_view name = field.substr(0, equals);
    if (equals == std::string_view::npos)
      return error("field-syntax", in_quotes(field) + " is not name=value");
    if (name == "id") return read_id(field.substr(3));
    if (name.size() > max_extension_name && has_extension_octets(name))
      return error("field-syntax", "the name " + too_long(name, max_extension_name));
    if (!is_extension_name(name) || !is_value(field.substr(equals + 1))) {
      return error("field-syntax",
                   in_quotes(field) + " does not follow the grammar name=value of RFC 8461 section 3.1");
    }
    remark(remarks, "unknown-field", Severity::info,
           "unknown field " + in_quotes(name) + " is allowed and ignored");
  }
};

// The fields after "v=STSv1": each follows a ";", with blanks and tabs around it (STS-2).
Fields read_fields(std::string_view rest) {
  Fields fields;
  rest.remove_prefix(rest.find(';') + 1);
  while (true) {
    std::size_t end = rest.find(';');
    std::string_view piece = rest.substr(0, end), field = trim(piece);
    bool last = end == std::string_view::npos;
    if (!field.empty()) fields.read(field);
    // The grammar allows neither empty fields nor blanks at the end, but refusing them would gain nothing.
    if (field.empty() && !last)
      remark(fields.remarks, "empty-field", Severity::warning, "an empty field between two \";\"");
    if (last && !field.empty() && is_blank(piece.back())) {  // blanks after a last ";" belong to it
      remark(fields.remarks, "trailing-blank", Severity::warning, "a blank at the end of the record");
    }
    if (last) break;
    rest.remove_prefix(end + 1);
  }
  if (!fields.id) fields.error("id-missing", "the record has no id field");
  return fields;
}

RecordLint lint_one(std::string_view record) {
  Fields fields = read_fields(record.substr(version.size()));
  bool valid = fields.errors.empty();
  RecordLint lint{valid ? TxtVerdict::valid : TxtVerdict::invalid, {}, std::move(fields.errors)};
  if (valid) lint.id = *fields.id;
  std::ranges::move(fields.remarks, std::back_inserter(lint.findings));
  return lint;
}

bool contains_folded(std::string_view text, std::string_view part) noexcept {
  auto same = [](char a, char b) { return to_lower(a) == to_lower(b); };
  return !std::ranges::search(text, part, same).empty();
}

// A record that is not an MTA-STS record: what its owner may have meant.
Finding judge_stranger(std::string_view record) {
  std::string shown = in_quotes(record);
  if (record.starts_with(version)) {
    std::string_view rest = trim(record.substr(version.size()));
    if (rest.empty())
      return {"no-delimiter", Severity::warning, shown + ": a \";\" and the id must follow v=STSv1"};
    return {"wrong-version", Severity::warning,
            shown + ": after v=STSv1 a \";\" must follow, not " + in_quotes(rest.substr(0, 1))};
  }
  std::string_view bare = record.substr(std::min(record.find_first_not_of(" \t\"\\'"), record.size()));
  if (bare.size() != record.size() && contains_folded(bare.substr(0, version.size()), version)) {
    return {"stray-characters", Severity::warning, shown + ": blanks or quotes stand before v=STSv1"};
  }
  if (record.find(version) != std::string_view::npos) {
    return {"version-not-first", Severity::warning, shown + ": v=STSv1 must stand first"};
  }
  std::string_view start = record.substr(0, 12);
  if (contains_folded(start, "stsv")) {
    return {"wrong-version", Severity::warning,
            shown + ": the record must begin v=STSv1, in this case, without blanks"};
  }
  return {"unrelated-record", Severity::info, shown + " is not an MTA-STS record and is ignored"};
}

RecordLint lint_many(const std::vector<std::string_view>& ours) {
  RecordLint lint{TxtVerdict::invalid, {}, {}};
  lint.findings.push_back({"multiple-records", Severity::error,
                           std::to_string(ours.size()) + " MTA-STS records, but there must be exactly one: " +
                               in_quotes(ours[0]) + ", " + in_quotes(ours[1])});
  return lint;
}

}  // namespace

std::string_view words(TxtVerdict verdict) noexcept {
  switch (verdict) {
    case TxtVerdict::valid: return "valid";
    case TxtVerdict::none: return "none";
    case TxtVerdict::invalid: return "invalid";
  }
  return "invalid";
}

bool is_sts_record(std::string_view record) noexcept {
  return record.starts_with(version) && trim_front(record.substr(version.size())).starts_with(';');
}

RecordLint lint_records(std::span<const std::string> records) {
  std::vector<std::string_view> ours;
  Findings strangers;
  for (const std::string& record : records) {
    if (is_sts_record(record)) {
      ours.push_back(record);
    } else if (strangers.size() < max_remarks) {
      strangers.push_back(judge_stranger(record));
    }
  }
  RecordLint lint = ours.empty()       ? RecordLint{TxtVerdict::none, {}, {}}
                    : ours.size() == 1 ? lint_one(ours[0])
                                       : lint_many(ours);  // STS-3
  std::ranges::move(strangers, std::back_inserter(lint.findings));
  return lint;
}

}  // namespace mtasts
