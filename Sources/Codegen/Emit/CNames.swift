// Names that cannot clash: with C, with C++, with what headers define, or with the rest of the emitted code.

/// What a name stands for decides what it can clash with.
enum CNameKind {
  /// A field of a struct: only keywords and macros clash.
  case field
  /// A function, a variable or a parameter: library functions clash too.
  case global
}

/// A scope in which each name is given once.
struct CNames {
  private var taken: Set<String>

  init(taken: [String] = []) { self.taken = Set(taken) }

  func contains(_ name: String) -> Bool { taken.contains(name) }

  /// `wanted` made an identifier, with as many trailing underscores as make it unique.
  mutating func unique(_ wanted: String, _ kind: CNameKind = .global) -> String {
    var name = cIdentifier(wanted)
    while taken.contains(name) || isReserved(name, kind) { name += "_" }
    taken.insert(name)
    return name
  }

  /// The names of one scope: those that clash with nothing stay, whatever a clashing one becomes.
  mutating func unique(_ wanted: [String], _ kind: CNameKind) -> [String: String] {
    var names: [String: String] = [:]
    for name in wanted where !taken.contains(name) && !isReserved(name, kind) {
      names[name] = unique(name, kind)
    }
    for name in wanted where names[name] == nil { names[name] = unique(name, kind) }
    return names
  }
}

/// Letters, digits and underscores of `text`, others replaced by underscores, a letter before a leading digit.
func cIdentifier(_ text: String) -> String {
  var name = ""
  for scalar in text.unicodeScalars {
    let isWord =
      scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      || ("0"..."9").contains(scalar)
    name.unicodeScalars.append(isWord ? scalar : "_")
  }
  guard let first = name.unicodeScalars.first else { return "model" }
  return ("0"..."9").contains(first) ? "m" + name : name
}

private func isReserved(_ name: String, _ kind: CNameKind) -> Bool {
  if keywords.contains(name) || macros.contains(name) { return true }
  if isStandardIntegerName(name) { return true }
  if hasReservedPrefix(name) && !isSetApart(name) { return true }
  switch kind {
  case .field: return false
  case .global: return isLibraryName(name) || isLocalName(name)
  }
}

/// Prefixes of the implementation, among whose names are the compilers' own macros, and of the mathematics header.
private func hasReservedPrefix(_ name: String) -> Bool {
  if name.hasPrefix("_"), let second = name.dropFirst().first, second == "_" || second.isUppercase {
    return true
  }
  return ["nn_", "nns_", "NN_", "NNCC_"].contains { name.hasPrefix($0) }
}

/// None of those names ends in one underscore or in more than two (`__FILE__`).
private func isSetApart(_ name: String) -> Bool {
  name.hasSuffix("_") && (!name.hasSuffix("__") || name.hasSuffix("___"))
}

/// Names that kernels give their own variables: i0, r1, t2, …
private func isLocalName(_ name: String) -> Bool {
  if locals.contains(name) { return true }
  for prefix in ["i", "r", "s", "t", "u", "low", "high", "acc", "index", "tile"]
  where name.hasPrefix(prefix) {
    let rest = name.dropFirst(prefix.count)
    if rest.allSatisfy({ ("0"..."9").contains($0) }) { return true }
  }
  return false
}

/// `int8_t`, `uint_fast16_t`, `INT32_MAX`, `UINT64_C`, …
private func isStandardIntegerName(_ name: String) -> Bool {
  let lower = name.lowercased()
  let body = lower.hasPrefix("u") ? lower.dropFirst() : lower[...]
  guard body.hasPrefix("int") else { return false }
  let rest = body.dropFirst(3)
  let endings = ["_t", "_max", "_min", "_c", "_width"]
  return endings.contains { rest.hasSuffix($0) }
    && rest.contains { ("0"..."9").contains($0) || $0 == "p" || $0 == "m" }
}

private func isLibraryName(_ name: String) -> Bool {
  if libraryNames.contains(name) { return true }
  // float and long double variants: expf, expl.
  guard let last = name.last, last == "f" || last == "l" else { return false }
  return mathNames.contains(String(name.dropLast()))
}

private func words(_ text: String) -> Set<String> {
  Set(text.split(separator: " ").map(String.init))
}

private let keywords = words(
  """
  alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch char \
  char16_t char32_t char8_t class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit \
  continue decltype default delete do double dynamic_cast else enum explicit export extern false float for friend goto if \
  inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public reflexpr \
  register reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch \
  synchronized template this thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using \
  virtual void volatile wchar_t while xor xor_eq asm fortran near far huge
  """)

/// Macros of the standard headers and of compilers in their gnu modes, which a user may have included before.
private let macros = words(
  """
  linux unix i386 arm mips sun vax NULL EOF BUFSIZ NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL errno stdin stdout stderr \
  offsetof va_start va_end va_arg va_copy RAND_MAX EXIT_SUCCESS EXIT_FAILURE M_PI M_E M_LN2 M_SQRT2 \
  CHAR_BIT CHAR_MAX CHAR_MIN SCHAR_MAX SCHAR_MIN UCHAR_MAX SHRT_MAX SHRT_MIN USHRT_MAX INT_MAX INT_MIN UINT_MAX LONG_MAX \
  LONG_MIN ULONG_MAX LLONG_MAX LLONG_MIN ULLONG_MAX SIZE_MAX PTRDIFF_MAX PTRDIFF_MIN WCHAR_MAX WCHAR_MIN SIG_ATOMIC_MAX \
  SIG_ATOMIC_MIN FLT_MAX FLT_MIN FLT_EPSILON DBL_MAX DBL_MIN DBL_EPSILON FLT_RADIX DECIMAL_DIG SEEK_SET SEEK_CUR SEEK_END \
  size_t ptrdiff_t wchar_t max_align_t
  """)

private let mathNames = words(
  """
  acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb ldexp log log10 log1p log2 \
  logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma ceil floor nearbyint rint lrint llrint round \
  lround llround trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin fma cabs carg cimag conj \
  cproj creal cexp clog cpow csqrt cacos casin catan ccos csin ctan cacosh casinh catanh ccosh csinh ctanh drem gamma \
  significand scalb pow10 exp10 sincos j0 j1 jn y0 y1 yn
  """)

private let libraryNames = mathNames.union(
  words(
    """
    abort abs atexit atof atoi atol atoll bsearch calloc div exit free getenv labs ldiv llabs lldiv malloc qsort rand realloc \
    srand strtod strtof strtol strtoul system memchr memcmp memcpy memmove memset strcat strchr strcmp strcoll strcpy strcspn \
    strerror strlen strncat strncmp strncpy strpbrk strrchr strspn strstr strtok strxfrm strdup strndup stpcpy clearerr \
    fclose feof ferror fflush fgetc fgetpos fgets fopen fprintf fputc fputs fread freopen fscanf fseek fsetpos ftell fwrite \
    getc getchar gets perror printf putc putchar puts remove rename rewind scanf setbuf setvbuf snprintf sprintf sscanf \
    tmpfile tmpnam ungetc vfprintf vprintf vsnprintf vsprintf vscanf isalnum isalpha isblank iscntrl isdigit isgraph islower \
    isprint ispunct isspace isupper isxdigit tolower toupper asctime clock ctime difftime gmtime localtime mktime strftime \
    time signal raise longjmp index rindex bcmp bcopy bzero ffs alloca main read write open close fork link pipe select \
    std abs64 imaxabs aligned_alloc at_quick_exit mblen mbstowcs mbtowc quick_exit strtold wcstombs wctomb _Exit a64l \
    clearenv drand48 ecvt erand48 fcvt gcvt getloadavg getsubopt grantpt initstate jrand48 l64a lcong48 lrand48 mkdtemp \
    mkostemp mkstemp mkstemps mktemp mrand48 nrand48 on_exit posix_memalign posix_openpt pselect ptsname putenv qecvt qfcvt \
    qgcvt random random_r realpath reallocarray rpmatch secure_getenv seed48 setenv setstate srand48 srandom strtoq strtouq \
    unlockpt unsetenv valloc
    """))

/// Fixed names of the emitted functions.
private let locals = words(
  """
  begin end unit lane block rows columns count value buffers scratch tile packing lanes params gradient state workspace loss \
  seed restrict p q n half from to base points batch last part rest stop next
  """)
