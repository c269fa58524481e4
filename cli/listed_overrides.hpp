// listed_overrides - the overrides in force, with notes on which of them a listing has shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/override.hpp"

namespace mtasts {

class ListedOverrides {
 public:
  // Keeps those that are in force at now. all must outlive this.
  ListedOverrides(const std::vector<OverrideConfig>& all, Time now);

  // The override for a domain as the next hop; nullptr if there is none. Notes in rows() that it was used,
  // and that domain was listed. Valid as long as this.
  const Override* find(std::string_view domain);

  struct Row {
    std::string name;
    const Override* rule;
    bool listed = false;  // the listing has a row for its name
    bool used = false;    // it applies to a domain in the listing
  };
  const std::vector<Row>& rows() const noexcept { return rows_; }

 private:
  Time now_;
  Overrides overrides_;
  std::vector<Row> rows_;
};

}  // namespace mtasts
