#include "net/dns/delegation.hpp"

#include <arpa/nameser.h>
#include <resolv.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>

#include "core/text.hpp"
#include "net/dns/packet.hpp"

namespace mtasts {
namespace {

// NSEC3 iterations that libunbound follows (val-nsec3-keysize-iterations).
constexpr unsigned most_iterations = 150;
constexpr unsigned type_ns = 2, type_soa = 6, type_ds = 43, type_nsec = 47, type_nsec3 = 50;

using Octets = std::basic_string_view<unsigned char>;

// True if a type's bit is set in a type bitmap (RFC 4034 §4.1.2), which is a list of windows: a number, a
// length and the bits.
bool has_type(Octets bitmap, unsigned type) noexcept {
  while (bitmap.size() >= 2) {
    unsigned window = bitmap[0];
    std::size_t length = bitmap[1];
    if (length > bitmap.size() - 2) return false;
    if (window == type / 256) {
      unsigned bit = type % 256;
      return bit / 8 < length && (bitmap[2 + bit / 8] & (0x80u >> bit % 8)) != 0;
    }
    bitmap.remove_prefix(2 + length);
  }
  return false;
}

bool of_delegation(Octets bitmap) noexcept {
  return has_type(bitmap, type_ns) && !has_type(bitmap, type_ds) && !has_type(bitmap, type_soa);
}

// The bitmap comes after the next name, which is not compressed (RFC 4034 §4.1.1).
Octets nsec_bitmap(const ns_rr& record) noexcept {
  const unsigned char* data = ns_rr_rdata(record);
  int skipped = dn_skipname(data, data + ns_rr_rdlen(record));
  if (skipped < 0) return {};
  return Octets(data, ns_rr_rdlen(record)).substr(static_cast<std::size_t>(skipped));
}

struct Nsec3 {  // RFC 5155 §3.2
  bool opt_out = false;
  unsigned iterations = 0;
  Octets salt, bitmap;
};

// Takes a field that has its length in front. False: it is cut off.
bool take_field(Octets& data, Octets& field) noexcept {
  if (data.empty() || data.size() - 1 < data[0]) return false;
  field = data.substr(1, data[0]);
  data.remove_prefix(1 + field.size());
  return true;
}

// nullopt: cut off, or its hash is not SHA-1, which is the only one defined.
std::optional<Nsec3> read_nsec3(const ns_rr& record) noexcept {
  Octets data(ns_rr_rdata(record), ns_rr_rdlen(record)), next;
  if (data.size() < 5 || data[0] != 1) return std::nullopt;
  Nsec3 found{(data[1] & 1) != 0, unsigned{data[2]} << 8 | data[3], {}, {}};
  data.remove_prefix(4);
  if (!take_field(data, found.salt) || !take_field(data, next)) return std::nullopt;
  found.bitmap = data;
  return found;
}

// True if the hashed owner is the hash of the name, in a DNS zone above it.
bool is_hash_of(std::string_view owner, std::string_view name, const Nsec3& nsec3) {
  std::size_t dot = std::min(owner.find('.'), owner.size());
  std::string_view zone = owner.substr(std::min(owner.size(), dot + 1));
  if (name.ends_with('.')) name.remove_suffix(1);
  if (zone.ends_with('.')) zone.remove_suffix(1);
  bool above = zone.empty() ||
               (name.size() > zone.size() + 1 && equal_folded(name.substr(name.size() - zone.size()), zone) &&
                name[name.size() - zone.size() - 1] == '.');
  std::string_view salt(reinterpret_cast<const char*>(nsec3.salt.data()), nsec3.salt.size());
  return above && equal_folded(owner.substr(0, dot), nsec3_hash(name, salt, nsec3.iterations));
}

// What the authority section's records say.
struct Denial {
  bool nsec = false, nsec3 = false;          // there are such records
  bool own_nsec = false, own_nsec3 = false;  // one is of the name, and shows a delegation
  bool opt_out = false, too_many = false;

  void take_nsec(const ns_rr& record, std::string_view name) noexcept {
    nsec = true;
    if (same_name(ns_rr_name(record), name)) own_nsec = of_delegation(nsec_bitmap(record));
  }
  bool take_nsec3(const ns_rr& record, std::string_view name) {
    auto read = read_nsec3(record);
    if (!read) return false;
    nsec3 = true;
    opt_out = opt_out || read->opt_out;
    too_many = too_many || read->iterations > most_iterations;
    if (!too_many && is_hash_of(ns_rr_name(record), name, *read)) own_nsec3 = of_delegation(read->bitmap);
    return true;
  }
  // A DNS zone denies with one kind of record. If there are NSEC records, NSEC3 records are from another DNS
  // zone.
  bool proves(bool secure) const noexcept {
    if (secure) return nsec ? own_nsec : own_nsec3;
    return !nsec3 || (opt_out && !too_many);
  }
};

bool read_denial(std::string_view packet, std::string_view name, Denial& denial) {
  ns_msg message;
  auto* bytes = reinterpret_cast<const unsigned char*>(packet.data());
  if (packet.size() > NS_MAXMSG || ns_initparse(bytes, static_cast<int>(packet.size()), &message) != 0)
    return false;
  for (int i = 0; i < ns_msg_count(message, ns_s_ns); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_ns, i, &record) != 0) return false;
    if (ns_rr_type(record) == type_nsec) denial.take_nsec(record, name);
    if (ns_rr_type(record) == type_nsec3 && !denial.take_nsec3(record, name)) return false;
  }
  return true;
}

}  // namespace

bool is_unsigned_delegation(std::string_view packet, std::string_view name, bool secure) noexcept try {
  Denial denial;
  return read_denial(packet, name, denial) && denial.proves(secure);
} catch (const std::exception&) {  // no memory: no proof
  return false;
}

}  // namespace mtasts
