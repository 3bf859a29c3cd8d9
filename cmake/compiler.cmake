# What every target of the project is compiled with.
add_library(bpci_options INTERFACE)
target_include_directories(bpci_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(bpci_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow=local -Werror
                       -Wno-restrict) # gcc 12 sees overlaps in std::string that are not there

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

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
                      -Wno-maybe-uninitialized) # gcc 12 warns inside its own <regex>
  add_link_options(-fsanitize=address,undefined)
endif()
