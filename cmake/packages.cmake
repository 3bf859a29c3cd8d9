# Every package the project uses, as targets. All come from Debian 12 (see ./dev);
# the ones that ship no CMake file are found here.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(pqxx REQUIRED IMPORTED_TARGET libpqxx)

# libcaf-dev 0.17.6 has neither a CMake nor a pkg-config file.
foreach(part core io)
  find_library(CAF_${part} caf_${part} REQUIRED)
  add_library(caf::${part} UNKNOWN IMPORTED)
  set_target_properties(caf::${part} PROPERTIES IMPORTED_LOCATION ${CAF_${part}})
endforeach()
target_link_libraries(caf::core INTERFACE Threads::Threads)
target_link_libraries(caf::io INTERFACE caf::core)

# msgpack-cxx is headers only. Debian's package cannot be installed beside Boost 1.81,
# so ./dev unpacks it into build/deps; an installed one is used where there is one.
find_path(MSGPACK_INCLUDE msgpack.hpp
          HINTS ${CMAKE_SOURCE_DIR}/build/deps/usr/include REQUIRED)
add_library(msgpack INTERFACE)
target_include_directories(msgpack SYSTEM INTERFACE ${MSGPACK_INCLUDE})
target_link_libraries(msgpack INTERFACE Boost::headers)

# CLI11 is headers only.
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
add_library(cli11 INTERFACE)
target_include_directories(cli11 SYSTEM INTERFACE ${CLI11_INCLUDE})
