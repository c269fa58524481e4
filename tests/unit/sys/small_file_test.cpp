#include "sys/small_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <fstream>
#include <thread>

#include "tests/unit/folder.hpp"

using namespace mtasts;

TEST_CASE("a file is read whole, or up to the bound", "[small_file]") {
  test::Folder folder;
  std::string path = folder / "file";
  std::string text(100'000, 'x');
  std::ofstream(path) << text;
  CHECK(read_file(path, 1'000'000) == text);
  CHECK(read_file(path, 100'001) == text);
  CHECK(read_file(path, 99'999) == std::string(99'999, 'x'));
  CHECK(read_file(path, 0) == "");
  CHECK(text_of_file(path) == std::string(65'536, 'x'));
}

TEST_CASE("a file that can't be read says why", "[small_file]") {
  test::Folder folder;
  CHECK(read_file(folder / "none", 10) == std::unexpected(ENOENT));
  CHECK(read_file(folder / "", 10) == std::unexpected(EISDIR));
  CHECK(text_of_file(folder / "none").empty());
  CHECK(read_file("/proc/self/cgroup", 10'000).value().contains("0::"));  // has no size, but contents
}

TEST_CASE("a pipe is read to its end", "[small_file]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  Fd out(ends[0]);
  std::thread writer([in = Fd(ends[1])] {
    for (int i = 0; i < 5; ++i) (void)!::write(in.get(), "abc", 3);
  });
  CHECK(read_to_end(out, 7) == "abcabca");
  writer.join();
  CHECK(read_to_end(out, 100) == "bcabcabc");
}
