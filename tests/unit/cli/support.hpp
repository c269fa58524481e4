// support - what the tests of mtastsctl share: a terminal that is caught, a folder that goes away.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "cli/terminal.hpp"
#include "core/decide.hpp"

namespace mtasts::test {

// 2026-01-31 12:00:00 UTC
inline constexpr Time noon{std::chrono::seconds(1769860800)};

struct Caught {
  std::ostringstream out, err;
  Terminal text() { return {out, err, false, false}; }
  Terminal json() { return {out, err, true, false}; }
};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mtastsctl-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace mtasts::test
