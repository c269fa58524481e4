# How targets are made here: one library a folder, one test program a folder, one fuzzer a parser.
include(Catch)

add_library(project_flags INTERFACE)
target_include_directories(project_flags INTERFACE "${CMAKE_BINARY_DIR}/generated")  # version.hpp
target_compile_options(project_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-qual -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Wswitch
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>  # GCC 14's false alarm about Boost.Asio's coroutine frames
  $<$<BOOL:${WARNINGS_AS_ERRORS}>:-Werror>)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(project_flags INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
endif()

# mtasts_library(NAME SOURCES… HEADERS… LINKS… PRIVATE_LINKS…): LINKS is what its headers need.
function(mtasts_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;LINKS;PRIVATE_LINKS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS} project_flags)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_LINKS})
  endif()
  target_include_directories(${name} ${scope} "${PROJECT_SOURCE_DIR}")
  target_sources(${name} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
endfunction()

# mtasts_unit_test(NAME SOURCES… LINKS…): a Catch2 program; each TEST_CASE is a test of its own.
function(mtasts_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LINKS} Catch2::Catch2WithMain project_flags)
  catch_discover_tests(${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT 600)  # ends what hangs, however busy the machine is
endfunction()

# mtasts_fuzzer(NAME LINKS…): NAME.cpp in the calling folder, seeds in corpus/NAME. Without FUZZ the seeds are replayed by ctest.
function(mtasts_fuzzer name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  add_executable(${name} ${name}.cpp)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LINKS} project_flags)
  if(FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE replay_main.cpp)
    add_test(NAME "${name}: seed corpus" COMMAND ${name} "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  endif()
endfunction()
