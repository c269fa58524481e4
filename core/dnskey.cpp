#include "core/dnskey.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t head = 4;  // flags, protocol, algorithm
constexpr std::uint8_t rsa_md5 = 1;

unsigned octet(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}

template <class Number>
std::optional<Number> number(std::string_view text) noexcept {
  Number value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int base64_value(char c) noexcept {
  if (is_upper(c)) return c - 'A';
  if (is_lower(c)) return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Appends the whole octets that the words encode. False: a character is not one of base64.
bool append_base64(std::string& out, std::span<const std::string_view> words) {
  unsigned bits = 0, count = 0;
  for (std::string_view word : words) {
    for (char c : word) {
      if (c == '=') return true;
      int value = base64_value(c);
      if (value < 0) return false;
      bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
      count += 6;
      if (count < 8) continue;
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return true;
}

// fields: what follows "DNSKEY".
std::optional<std::uint16_t> tag_of_key(std::span<const std::string_view> fields) {
  if (fields.size() < 4) return std::nullopt;
  auto flags = number<std::uint16_t>(fields[0]);
  auto protocol = number<std::uint8_t>(fields[1]), algorithm = number<std::uint8_t>(fields[2]);
  if (!flags || !protocol || !algorithm) return std::nullopt;
  std::string rdata{static_cast<char>(*flags >> 8), static_cast<char>(*flags & 0xFF),
                    static_cast<char>(*protocol), static_cast<char>(*algorithm)};
  if (!append_base64(rdata, fields.subspan(3))) return std::nullopt;
  auto key = decode_dnskey(rdata);
  return key ? std::optional(key->tag) : std::nullopt;
}

// words: one record, its owner first. RFC 1035 §5.1: TTL and class may come before the type, in any order.
std::optional<std::uint16_t> tag_of_record(std::span<const std::string_view> words) {
  if (words.empty() || words[0] != ".") return std::nullopt;
  for (std::size_t i = 1; i < std::min<std::size_t>(words.size(), 4); ++i) {
    auto fields = words.subspan(i + 1);
    if (equal_folded(words[i], "DNSKEY")) return tag_of_key(fields);
    if (equal_folded(words[i], "DS") && fields.size() >= 4) return number<std::uint16_t>(fields[0]);
  }
  return std::nullopt;
}

// Cuts a zone file into records: drops comments, joins lines in parentheses, and fills in an empty owner from
// the record before.
class RecordReader {
 public:
  explicit RecordReader(std::string_view text) : rest_(text) {}

  // The words of the next record, owner first; empty at the end of the text.
  std::span<const std::string_view> next() {
    words_.clear();
    bool open = false;
    while (!rest_.empty() && (words_.empty() || open)) take_line(open);
    if (!words_.empty()) owner_ = words_.front();
    return words_;
  }

 private:
  void take_line(bool& open) {
    auto end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    line = line.substr(0, line.find(';'));
    bool continued = !words_.empty(), first = true;
    for (std::size_t at = 0; at < line.size();) {
      auto stop = std::min(line.find_first_of(" \t\r()", at), line.size());
      if (stop > at) add(line.substr(at, stop - at), !continued && first && at > 0), first = false;
      if (stop < line.size() && line[stop] == '(') open = true;
      if (stop < line.size() && line[stop] == ')') open = false;
      at = stop + 1;
    }
  }
  void add(std::string_view word, bool owner_left_out) {
    if (owner_left_out) words_.push_back(owner_);
    words_.push_back(word);
  }

  std::string_view rest_, owner_;
  std::vector<std::string_view> words_;
};

}  // namespace

std::uint16_t key_tag(std::string_view rdata) noexcept {
  if (octet(rdata, 3) == rsa_md5) {  // appendix B.1: taken from the modulus
    auto end = rdata.size();
    return end < 7 ? std::uint16_t{0}
                   : static_cast<std::uint16_t>(octet(rdata, end - 3) << 8 | octet(rdata, end - 2));
  }
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < rdata.size(); ++i) sum += i % 2 == 0 ? octet(rdata, i) << 8 : octet(rdata, i);
  return static_cast<std::uint16_t>(sum + (sum >> 16));
}

std::optional<Dnskey> decode_dnskey(std::string_view rdata) noexcept {
  constexpr unsigned dnssec = 3;
  if (rdata.size() <= head || rdata.size() > 0xFFFF || octet(rdata, 2) != dnssec) return std::nullopt;
  return Dnskey{.flags = static_cast<std::uint16_t>(octet(rdata, 0) << 8 | octet(rdata, 1)),
                .algorithm = static_cast<std::uint8_t>(octet(rdata, 3)),
                .tag = key_tag(rdata)};
}

std::vector<std::uint16_t> root_anchor_tags(std::string_view text) {
  std::vector<std::uint16_t> tags;
  RecordReader records(text);
  for (auto words = records.next(); !words.empty(); words = records.next()) {
    if (auto tag = tag_of_record(words)) tags.push_back(*tag);
  }
  std::ranges::sort(tags);
  tags.erase(std::ranges::unique(tags).begin(), tags.end());
  return tags;
}

}  // namespace mtasts
