# Everything from outside, by target name. Debian packages only: contrib/packages lists them.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(tomlplusplus REQUIRED CONFIG)
find_package(Catch2 3 REQUIRED CONFIG)
find_package(PkgConfig REQUIRED)
pkg_check_modules(lmdb REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(milter REQUIRED IMPORTED_TARGET milter)
pkg_check_modules(psl REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)  # the journal, as a log target

# libunbound.pc asks for -dev packages that libunbound-dev does not depend on, so pkg-config fails on a bare machine.
find_path(UNBOUND_INCLUDE_DIR unbound.h REQUIRED)
find_library(UNBOUND_LIBRARY unbound REQUIRED)
if(NOT TARGET Unbound::Unbound)
  add_library(Unbound::Unbound UNKNOWN IMPORTED)
  set_target_properties(Unbound::Unbound PROPERTIES
    IMPORTED_LOCATION "${UNBOUND_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${UNBOUND_INCLUDE_DIR}")
endif()
