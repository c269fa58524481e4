// temp_file - a file with a text in it, gone at the end of the scope.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mtasts {

class TempFile {
 public:
  explicit TempFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() / "mtastsd-unit-XXXXXX") {
    int descriptor = ::mkstemp(path_.data());
    if (descriptor < 0) throw std::runtime_error("can't make " + path_);
    ::close(descriptor);
    std::ofstream(path_) << text;
  }
  ~TempFile() { std::remove(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace mtasts
