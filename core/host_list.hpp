// host_list - the MX hosts of a next hop and what each is for DANE, as the text that is stored.
//
// A line each, in order of preference, joined by '\n': "LETTER GROUP NAME" without blanks. LETTER is the
// HostState, GROUP is '+' for the first host of a preference and '=' for the others. After a failed lookup a
// blank, the letter of the last proof and its time in seconds may follow: "f+mx.example.com u1790000000".
//
// Holding a list is proof that its text has this form, so whoever reads one checks nothing again. A list is
// read in place, without the heap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/domain_name.hpp"
#include "core/parts.hpp"
#include "core/time.hpp"

namespace mtasts {

// Of an MX host. The letters stand in the stored form.
enum class HostState : char {
  usable = 'u',       // secure TLSA records, one of them usable
  unusable = 'n',     // secure TLSA records, none usable: TLS without authentication (DANE-8)
  none = '0',         // securely denied
  insecure = 'i',     // address or TLSA lookup ended in an unsigned zone (DANE-13)
  failed = 'f',       // an error on the way to its TLSA records: it must not be used (DANE-5)
  lost = 'F',         // earlier builds: failed, and at its last proof it had TLSA records
  unreachable = 'x',  // it has no address: it does not count
  not_asked = '-',    // not looked at: the MX is insecure, or it is too far down; it does not count
};

constexpr bool has_failed(HostState state) noexcept {
  return state == HostState::failed || state == HostState::lost;
}

std::string_view words(HostState state) noexcept;  // "usable TLSA", "unusable TLSA", "no TLSA", …

// What an answer that validated said about a host, and when.
struct HostProof {
  HostState state = HostState::none;  // usable, unusable, none, insecure or unreachable
  Time at{};
  friend bool operator==(const HostProof&, const HostProof&) = default;
};

// One host of a list; lives as long as the list's text.
class HostLine {
 public:
  HostState state() const noexcept { return static_cast<HostState>(line_[0]); }
  bool first_of_group() const noexcept { return line_[1] == '+'; }  // the first of its preference
  // In lower case. Of the octets that host names have, but not always a DomainName: earlier builds stored
  // what they took for a host's name.
  std::string_view name() const noexcept { return line_.substr(head, line_.find(' ') - head); }
  std::optional<HostProof> proof() const noexcept;  // as the line says; see last_proof() in core/dane.hpp

 private:
  friend class HostListView;
  explicit HostLine(std::string_view line) noexcept : line_(line) {}
  static constexpr std::size_t head = 2;  // letter and group

  std::string_view line_;
};

// A list, borrowed: for (HostLine host : hosts). Lives as long as what it was taken from.
class HostListView {
 public:
  using value_type = HostLine;
  using iterator = PartIterator<HostListView>;

  HostListView() = default;  // no hosts
  // nullopt: a line does not have the form above, or a '\n' joins nothing. Never throws.
  static std::optional<HostListView> parse(std::string_view text) noexcept;

  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  iterator begin() const noexcept { return iterator(text_); }
  iterator end() const noexcept { return {}; }
  friend bool operator==(const HostListView&, const HostListView&) = default;

 private:
  friend iterator;
  friend class HostList;
  friend class StoredDane;  // core/dane_codec.hpp: its parse() has called this one's
  explicit HostListView(std::string_view text) noexcept : text_(text) {}
  static HostLine read(std::string_view part) noexcept { return HostLine(part); }

  std::string_view text_;
};

// The same, owned.
class HostList {
 public:
  HostList() = default;  // no hosts
  explicit HostList(HostListView hosts) : text_(hosts.text()) {}

  // Adds a host behind the others. A proof of a state that proves nothing (failed, lost, not_asked) is left
  // out; a time before 1970 is stored as 1970.
  void append(HostState state, bool first_of_group, const DomainName& name,
              const std::optional<HostProof>& proof = std::nullopt);

  operator HostListView() const noexcept { return HostListView(text_); }
  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  HostListView::iterator begin() const noexcept { return HostListView(text_).begin(); }
  HostListView::iterator end() const noexcept { return {}; }
  friend bool operator==(const HostList&, const HostList&) = default;

 private:
  std::string text_;
};

}  // namespace mtasts
