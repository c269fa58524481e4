// json_fields - reads the members of a hostile JSON object one by one, strictly.
//
// Each reader gives the member's value, or a harmless one after noting what is wrong; the first trouble
// stays. Nothing of the file is quoted but member names, as printable ASCII.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/enum_words.hpp"

namespace mtasts {

class JsonFields {
 public:
  // where: for messages, as "trace[3]"; empty: the file's own object. trouble is shared by all objects of a
  // file, and outlives this, as value does.
  JsonFields(const boost::json::value* value, std::string where, std::string& trouble);

  bool flag(std::string_view key);
  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> number_or_null(std::string_view key, std::int64_t least, std::int64_t most);
  std::string octets(std::string_view key, std::size_t longest);  // U+0000 to U+00FF
  std::string hex(std::string_view key, std::size_t longest);     // octets, lower-case digits
  std::vector<std::string> hex_list(std::string_view key, std::size_t longest);
  const boost::json::array* array(std::string_view key, std::size_t longest);  // nullptr: trouble
  // nullptr: null, or not there.
  const boost::json::value* maybe(std::string_view key);

  template <class E>
  E word(std::string_view key, const EnumWords<E>& words = enum_words<E>) {
    if (auto value = words.value_of(octets(key, 100))) return *value;
    wrong(key, "is not one of the words that may stand there");
    return words.begin()->value;
  }

  bool has(std::string_view key) const noexcept;
  void wrong(std::string_view key, std::string_view what);
  void no_others();  // members that were not read are trouble

 private:
  const boost::json::value* member(std::string_view key);

  const boost::json::object* object_ = nullptr;
  std::string where_;
  std::string& trouble_;
  std::size_t read_ = 0;
};

// Lower-case hexadecimal digits as octets; false: they are not that.
bool unhex(std::string_view digits, std::string& octets);

}  // namespace mtasts
