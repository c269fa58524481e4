// json_fields - reads the members of a hostile JSON object one by one, strictly.
//
// Each reader returns the member's value. If the member is missing or wrong, it notes that as trouble and
// returns a harmless value; only the first trouble is kept. Messages quote nothing from the file except
// member names, as printable ASCII.
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
  // value: the object to read; nullptr, or a value that is not an object, is trouble. where: names the object
  // in messages, for example "trace[3]"; empty for the file's own object. trouble is shared by all objects of
  // a file; empty means no trouble so far. value and trouble must outlive this.
  JsonFields(const boost::json::value* value, std::string where, std::string& trouble);

  bool flag(std::string_view key);
  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> number_or_null(std::string_view key, std::int64_t least, std::int64_t most);
  // A string of U+0000 to U+00FF as octets, at most `longest` of them.
  std::string octets(std::string_view key, std::size_t longest);
  // A string of lower-case hexadecimal digits as octets, at most `longest` of them.
  std::string hex(std::string_view key, std::size_t longest);
  // An array of at most `longest` such strings, of any length.
  std::vector<std::string> hex_list(std::string_view key, std::size_t longest);
  // An array of at most `most` strings as octets, each of at most `longest` of them.
  std::vector<std::string> octets_list(std::string_view key, std::size_t most, std::size_t longest);
  // An array of at most `most` whole numbers from 0, each below `end`.
  std::vector<std::size_t> numbers(std::string_view key, std::size_t most, std::size_t end);
  const boost::json::array* array(std::string_view key, std::size_t longest);  // nullptr: trouble
  // nullptr: the member is null, or it is missing, which is trouble.
  const boost::json::value* maybe(std::string_view key);

  template <class E>
  E word(std::string_view key, const EnumWords<E>& words = enum_words<E>) {
    if (auto value = words.value_of(octets(key, 100))) return *value;
    wrong(key, "is not one of the words allowed there");
    return words.begin()->value;
  }

  bool has(std::string_view key) const noexcept;
  void wrong(std::string_view key, std::string_view what);  // notes "KEY WHAT" as trouble
  void no_others();  // call it last: a member that was not read is trouble

 private:
  const boost::json::value* member(std::string_view key);

  const boost::json::object* object_ = nullptr;
  std::string where_;
  std::string& trouble_;
  std::size_t read_ = 0;
};

// Appends the octets that the digits stand for. False if digits is not pairs of lower-case hexadecimal
// digits; octets may then have grown.
bool unhex(std::string_view digits, std::string& octets);

}  // namespace mtasts
