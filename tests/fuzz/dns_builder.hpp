// dns_builder - DNS messages out of a fuzzer's octets: whole and well formed but for what the octets choose
// to break, so that mutations reach the readers behind the header.
//
// Every choice takes octets from the front of the input; without any left it is 0. So a short input is a
// short message, and a mutation changes one choice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

class Choices {
 public:
  explicit Choices(std::string_view octets) : rest_(octets) {}

  unsigned octet() {
    if (rest_.empty()) return 0;
    auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  unsigned below(unsigned count) { return octet() % count; }
  bool rarely() { return octet() == 0xFF; }
  std::string_view octets(std::size_t count) {
    std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

struct BuiltRecord {
  std::string owner;  // with dots, no final one
  unsigned type = 0, dns_class = 1;
  std::uint32_t ttl = 0;
  std::string rdata;   // names in it uncompressed
  std::string target;  // of an alias
};

struct BuiltMessage {
  std::string bytes;
  bool whole = true;  // nothing was broken on purpose
  bool truncated = false;
  unsigned rcode = 0;
  std::vector<BuiltRecord> answers, authority;
};

inline void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

inline std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    std::string_view label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(label.size());
    if (!name.empty()) name.remove_prefix(1);
  }
  return out += '\0';
}

class DnsBuilder {
 public:
  DnsBuilder(std::string_view octets, std::string_view asked) : choices_(octets), asked_(asked) {}

  BuiltMessage build() {
    std::string& out = message_.bytes;
    message_.rcode = choices_.below(16);
    message_.truncated = choices_.rarely();
    unsigned answers = choices_.below(6), authority = choices_.below(4);
    put16(out, 0x1234);
    put16(out, 0x8180 | (message_.truncated ? 0x0200u : 0u) | message_.rcode);
    put16(out, 1);
    put16(out, answers);
    put16(out, authority);
    put16(out, 0);
    out += wire_name(asked_);
    put16(out, choices_.octet());
    put16(out, 1);
    for (unsigned i = 0; i < answers; ++i) message_.answers.push_back(add());
    for (unsigned i = 0; i < authority; ++i) message_.authority.push_back(add());
    if (choices_.rarely()) {
      out.resize(out.size() - choices_.below(static_cast<unsigned>(std::min<std::size_t>(out.size(), 256))));
      message_.whole = false;
    }
    return std::move(message_);
  }

 private:
  static constexpr unsigned type_a = 1, type_ns = 2, type_cname = 5, type_soa = 6, type_mx = 15,
                            type_txt = 16, type_ds = 43, type_rrsig = 46, type_nsec = 47, type_nsec3 = 50,
                            type_tlsa = 52;

  std::string pick_name() {
    static constexpr std::string_view prefixes[] = {"mx", "a.b", "_25._tcp.mx",
                                                    "b2fqd8qchhlfsme9vhsgg6hl2ujvg5qd"};
    switch (choices_.below(6)) {
      case 0: return std::string(asked_);
      case 1: return "tld";
      case 2: return "alias.tld";
      case 3: return {};
      case 4: return std::string(63, 'x') + ".tld";
      default: return std::string(prefixes[choices_.below(4)]) + "." + std::string(asked_);
    }
  }
  // Plain, or a pointer to the question's name where the name is that one, or broken.
  std::string written(const std::string& name) {
    if (choices_.rarely()) {
      message_.whole = false;
      return std::string(1, static_cast<char>(choices_.octet())) + std::string(choices_.octets(4));
    }
    bool pointer = name == asked_ && choices_.below(2) == 1;
    return pointer ? std::string("\xC0\x0C", 2) : wire_name(name);
  }
  // An RDATA: its plain form and the one in the message.
  void name_rdata(BuiltRecord& record, std::string& on_wire, const std::string& before) {
    record.target = pick_name();
    record.rdata = before + wire_name(record.target);
    on_wire = before + written(record.target);
  }
  std::string bitmap() {
    static constexpr std::string_view maps[] = {
        {"\0\1\x22", 3}, {"\0\1\x20", 3}, {"\0\6\x22\0\0\0\0\x13", 8}, {"\0\1\0", 3}, {"", 0}};
    return std::string(maps[choices_.below(5)]);
  }
  BuiltRecord add() {
    static constexpr unsigned types[] = {type_txt, type_mx,   type_cname, type_a,    type_ns,   type_soa,
                                         type_ds,  type_nsec, type_nsec3, type_tlsa, type_rrsig};
    BuiltRecord record;
    record.owner = pick_name();
    record.type = types[choices_.below(11)];
    record.dns_class = choices_.rarely() ? 3 : 1;
    record.ttl = choices_.octet() * 100;
    std::string on_wire;
    switch (record.type) {
      case type_cname:
      case type_ns: name_rdata(record, on_wire, {}); break;
      case type_mx:
        name_rdata(record, on_wire, std::string(1, '\0') + static_cast<char>(choices_.octet()));
        break;
      case type_soa: {
        std::string numbers(20, '\0');
        numbers.back() = static_cast<char>(choices_.octet());
        on_wire = record.rdata = wire_name("ns.tld") + wire_name("") + numbers;
        break;
      }
      case type_nsec: on_wire = record.rdata = wire_name(pick_name()) + bitmap(); break;
      case type_nsec3:
        on_wire = record.rdata = std::string("\1", 1) + static_cast<char>(choices_.below(2)) + '\0' +
                                 static_cast<char>(choices_.octet()) + '\0' + '\x14' + std::string(20, 'h') +
                                 bitmap();
        break;
      case type_txt: {
        std::string_view text = choices_.octets(choices_.below(24));
        on_wire = record.rdata = static_cast<char>(text.size()) + std::string(text);
        break;
      }
      default: on_wire = record.rdata = std::string(choices_.octets(choices_.below(48)));
    }
    std::string& out = message_.bytes;
    out += written(record.owner);
    put16(out, record.type);
    put16(out, record.dns_class);
    put16(out, record.ttl >> 16);
    put16(out, record.ttl & 0xFFFF);
    bool off_by_some = choices_.rarely();
    if (off_by_some) message_.whole = false;
    put16(out, static_cast<unsigned>(on_wire.size()) + (off_by_some ? choices_.octet() : 0));
    out += on_wire;
    return record;
  }

  Choices choices_;
  std::string_view asked_;
  BuiltMessage message_;
};

}  // namespace fuzz
