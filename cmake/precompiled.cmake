# What most files read, read once (docs/adr/0016): headers of others, and of our own those few that
# nearly every file includes anyway, and the messages that a fifth of them do. To change any other
# builds anew what includes it, and no more.
#
# Every file still includes what it uses; -DBPCI_PRECOMPILED=OFF shows one that does not.
option(BPCI_PRECOMPILED "Read common headers once and not for every file" ON)

set(BPCI_PRECOMPILED_HEADERS
    <algorithm> <array> <atomic> <charconv> <chrono> <deque> <filesystem> <fstream> <functional>
    <map> <memory> <mutex> <optional> <random> <ranges> <set> <span> <sstream> <string>
    <string_view> <thread> <tuple> <unordered_map> <unordered_set> <utility> <variant> <vector>
    <boost/describe.hpp> <boost/json.hpp> <boost/system/result.hpp> <caf/all.hpp> <msgpack.hpp>
    <pqxx/pqxx>
    <messages/describe.hpp> <messages/error.hpp> <messages/ids.hpp> <messages/inspect.hpp>
    <messages/money.hpp>

    <messages/chain/blocks.hpp> <messages/chain/wire.hpp> <messages/codec/canonical.hpp>
    <messages/codec/json.hpp> <messages/consensus/block.hpp> <messages/consensus/standing.hpp>
    <messages/consensus/votes.hpp> <messages/ledger/proof.hpp> <messages/oracle/frames.hpp>
    <messages/oracle/nodes.hpp> <messages/oracle/relay.hpp> <messages/runtime/entities.hpp>
    <messages/runtime/slots.hpp> <messages/runtime/supervision.hpp>)

# CMake says the same with -Xclang before each word, where ccache does not see the path of this
# checkout and takes every other checkout for something new.
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include-pch <PCH_FILE>)
endif()

# One for each way of compiling: a precompiled header goes with its flags only.
function(bpci_precompile NAME)
  add_library(bpci_precompiled_${NAME} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cpp)
  target_link_libraries(bpci_precompiled_${NAME} PRIVATE bpci_options Boost::json PkgConfig::pqxx msgpack)
  target_precompile_headers(bpci_precompiled_${NAME} PRIVATE ${BPCI_PRECOMPILED_HEADERS} ${ARGN})
  # It names files of this checkout, and must not be ccache's answer in another one. What is
  # compiled with it may be: told apart by this text and, in direct mode, by every header in it.
  set_target_properties(bpci_precompiled_${NAME} PROPERTIES CXX_COMPILER_LAUNCHER "")
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/bpci_precompiled_${NAME}.dir/cmake_pch.hxx.pch.sum
       "${NAME} ${BPCI_PRECOMPILED_HEADERS} ${ARGN} ${CMAKE_CXX_FLAGS} ${CMAKE_BUILD_TYPE}\n")
endfunction()

# bpci_use_precompiled(DIRECTORY): by every target there and below. What a target was told by
# bpci_cold, bpci_pure or bpci_add_tests says which one.
function(bpci_use_precompiled DIRECTORY)
  set(otherwise hot)
  if(BPCI_SANITIZE)
    set(otherwise cold)
  endif()
  get_property(targets DIRECTORY ${DIRECTORY} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(way ${target} BPCI_PRECOMPILED)
    if(NOT way)
      set(way ${otherwise})
    endif()
    if(type MATCHES "LIBRARY|EXECUTABLE" AND NOT type MATCHES INTERFACE
       AND NOT target MATCHES "^bpci_precompiled_" AND TARGET bpci_precompiled_${way})
      target_precompile_headers(${target} REUSE_FROM bpci_precompiled_${way})
    endif()
  endforeach()
  get_property(below DIRECTORY ${DIRECTORY} PROPERTY SUBDIRECTORIES)
  foreach(directory ${below})
    bpci_use_precompiled(${directory})
  endforeach()
endfunction()

if(BPCI_PRECOMPILED)
  bpci_precompile(hot)
  bpci_pure(bpci_precompiled_hot)
  bpci_precompile(cold)
  bpci_cold(bpci_precompiled_cold)
  # The framework names its suites by a macro, which each test defines before it includes it.
  bpci_precompile(tests <caf/test/unit_test.hpp> <cmake/precompiled_tests.hpp>)
  target_compile_options(bpci_precompiled_tests PRIVATE -O0)
endif()
