// listed_overrides - the overrides in force, and which of them a listing has come upon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/override.hpp"

namespace mtasts {

class ListedOverrides {
 public:
  // all outlives this.
  ListedOverrides(const std::vector<OverrideConfig>& all, Time now);

  // Of a domain as its own next hop; nullptr: none. Noted, and so is the row of an override's own name.
  const Override* find(std::string_view domain);

  struct Row {
    std::string name;
    const Override* rule;
    bool listed = false;  // there is a row of its name
    bool used = false;    // it counts for some row
  };
  const std::vector<Row>& rows() const noexcept { return rows_; }

 private:
  Time now_;
  Overrides overrides_;
  std::vector<Row> rows_;
};

}  // namespace mtasts
