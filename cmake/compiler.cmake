# What every target of the project is compiled with.
add_library(bpci_options INTERFACE)
target_include_directories(bpci_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(bpci_options INTERFACE -Wall -Wextra -Wpedantic -Werror
                       # gcc 12 sees overlaps in std::string that are not there
                       $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       # names of messages that stay within their file
                       $<$<CXX_COMPILER_ID:Clang>:-Wno-unneeded-internal-declaration>)

# By what the compiler says that it has read, not by what the preprocessor makes of it: half a
# second less for a file that is not known yet. The rest is for cmake/precompiled.cmake.
find_program(CCACHE ccache)
if(CCACHE)
  set(ccache CCACHE_DEPEND=1 CCACHE_PCH_EXTSUM=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
# The compiler's memory in huge pages: up to a tenth less time, where the kernel gives them to who asks.
set(CMAKE_CXX_COMPILER_LAUNCHER env GLIBC_TUNABLES=glibc.malloc.hugetlb=1 ${ccache})

# bpci_cold(TARGET...): what runs seldom or waits for others; a shorter build is worth more there.
function(bpci_cold)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
    set_target_properties(${target} PROPERTIES BPCI_PRECOMPILED cold)
  endforeach()
endfunction()

# bpci_unoptimised(TARGET...): tests and their tools. What is tested is optimised; to optimise the
# tests as well would take longer than to run them.
function(bpci_unoptimised)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE -O0)
    set_target_properties(${target} PROPERTIES BPCI_PRECOMPILED tests)
  endforeach()
endfunction()

# bpci_pure(TARGET...): cores without actors, sockets and clocks. Simulations and fuzzers run them for
# minutes on end, so that under the sanitizers they alone are optimised; and they alone tell a fuzzer
# where it has been.
function(bpci_pure)
  foreach(target ${ARGN})
    if(BPCI_SANITIZE)
      target_compile_options(${target} PRIVATE -O1 -fsanitize=fuzzer-no-link)
    endif()
    set_target_properties(${target} PROPERTIES BPCI_PRECOMPILED hot)
  endforeach()
endfunction()

# mold links in a fraction of a second what takes ld several.
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(BPCI_SANITIZE)
  # CAF 0.17.6 binds references to null inside its own headers, harmlessly (-null).
  # Its virtual inheritance and unloaded type info confuse -vptr.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,vptr
                      -fno-sanitize-recover=undefined -fno-omit-frame-pointer
                      # gcc 12 warns inside its own <regex>
                      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=address,undefined)
endif()
