// Shared objects that C compilers made, kept on disk between processes under the digest of what they were made from.
//
// Nothing here can fail a caller: what cannot be read is compiled, what cannot be written is not kept. A file takes its name
// by a rename, so that there is never a part of one under it; there is no flush to the disk, since a file that a power cut
// spoilt is found out when it is read, and removed. Several processes may use one folder at once without a lock: a name says
// what must be in the file, so whoever writes last writes the same, and a file that is removed while it is read stays readable.

import Glibc

/// A folder of compiled objects, bounded in size.
public struct ObjectCache: Hashable, Sendable {
  public let folder: String
  /// The most bytes that the objects may take together.
  public let bound: Int

  public init(folder: String, bound: Int = standardBound) {
    self.folder = folder
    self.bound = bound
  }

  public static let standardBound = 256 << 20

  /// `$XDG_CACHE_HOME/nncc`, else `$HOME/.cache/nncc`, bounded by `NNCC_CACHE_SIZE` in MiB; nil where neither is an absolute
  /// path or the bound is 0. The folder need not exist.
  public static var standard: ObjectCache? {
    let size = environmentVariable("NNCC_CACHE_SIZE").flatMap { Int($0) }
    let bound = size.map { $0 << 20 } ?? standardBound
    // A relative path counts as none, by the XDG Base Directory Specification.
    let given = environmentVariable("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
    let home = environmentVariable("HOME").flatMap { $0.hasPrefix("/") ? $0 + "/.cache" : nil }
    guard bound > 0, let parent = given ?? home else { return nil }
    return ObjectCache(folder: parent + "/nncc", bound: bound)
  }

  /// How many objects there are and what they take.
  public var usage: (objects: Int, byteCount: Int) {
    let objects = objects()
    return (objects.count, objects.reduce(0) { $0 + $1.byteCount })
  }

  /// Whether the folder can be used or made, as far as can be seen without making it.
  public var isUsable: Bool {
    if isTrusted { return access(folder, R_OK | W_OK | X_OK) == 0 }
    // The nearest folder above that is there decides.
    var path = folder[...]
    while let slash = path.lastIndex(of: "/") {
      path = path[..<slash]
      let parent = path.isEmpty ? "/" : String(path)
      if access(parent, F_OK) == 0 {
        return access(folder, F_OK) != 0 && access(parent, W_OK | X_OK) == 0
      }
    }
    return false
  }

  // MARK: Objects

  /// How much is known of an object. It stands in the file's name, so that a rename changes it, at once and for every process.
  enum Standing: String, CaseIterable {
    /// A real call gave the same bits as libtcc's code.
    case compared
    case compiled
  }

  /// Whether no object has that standing, by the names alone.
  func isEmpty(of standing: Standing) -> Bool {
    !isTrusted || !fileNames(in: folder).contains { $0.hasSuffix(".\(standing)") }
  }

  /// The object of that key with one of the standings, verified. A file that is not whole is removed.
  func object(for key: Digest, standing: [Standing] = Standing.allCases) -> [UInt8]? {
    guard isTrusted else { return nil }
    for standing in standing {
      let path = path(key, standing)
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      if descriptor < 0 {
        // A link is nothing that the cache made.
        if errno == ELOOP { unlink(path) }
        continue
      }
      defer { _ = close(descriptor) }
      guard let object = object(in: descriptor, key: key) else {
        remove(path)
        continue
      }
      // Now is when it was last used, which decides what goes first.
      futimens(descriptor, nil)
      return object
    }
    return nil
  }

  private func object(in descriptor: Int32, key: Digest) -> [UInt8]? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid(), status.st_size <= bound,
      let bytes = try? readBytes(from: descriptor, file: folder, expecting: Int(status.st_size))
    else { return nil }
    return ObjectFile.decoded(bytes, key: key)
  }

  /// Keeps an object as `compiled`, and removes the ones longest unused that are too many.
  func store(_ object: [UInt8], for key: Digest) {
    let bytes = ObjectFile.encoded(object, key: key)
    guard bytes.count <= bound, makeFolder() else { return }
    sweepTemporaries()
    let temporary =
      "\(folder)/.\(key.hexadecimal)-\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let failure = bytes.withUnsafeBytes { put($0, into: descriptor) }
    guard close(descriptor) == 0, failure == nil,
      rename(temporary, path(key, .compiled)) == 0
    else {
      unlink(temporary)
      return
    }
    removeOldest()
  }

  /// Notes that a compiled object has been compared.
  func accept(_ key: Digest) {
    if isTrusted { rename(path(key, .compiled), path(key, .compared)) }
  }

  /// Removes an object, whatever its standing.
  func remove(_ key: Digest) {
    guard isTrusted else { return }
    for standing in Standing.allCases { remove(path(key, standing)) }
  }

  /// Removes what is at a path of the cache: a file, or a folder that got there and is empty.
  private func remove(_ path: String) {
    if unlink(path) != 0 { rmdir(path) }
  }

  private func path(_ key: Digest, _ standing: Standing) -> String {
    "\(folder)/\(key.hexadecimal).\(standing)"
  }

  // MARK: The folder

  /// Whether the folder is there and this user's. What another user can put there must not be run.
  private var isTrusted: Bool {
    var status = stat()
    return stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && status.st_uid == geteuid() && status.st_mode & 0o022 == 0
  }

  /// Makes the folder, and those above it, for this user alone.
  private func makeFolder() -> Bool {
    var path = ""
    for part in folder.split(separator: "/") {
      path += "/\(part)"
      if mkdir(path, 0o700) != 0, errno != EEXIST, access(path, F_OK) != 0 { return false }
    }
    return isTrusted
  }

  private struct StoredObject {
    var path: String
    var byteCount: Int
    /// Nanoseconds since 1970.
    var lastUse: Int
  }

  private func objects() -> [StoredObject] {
    guard isTrusted else { return [] }
    let endings = Standing.allCases.map { ".\($0)" }
    return fileNames(in: folder).compactMap { name in
      guard endings.contains(where: { name.hasSuffix($0) }) else { return nil }
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0 else { return nil }
      return StoredObject(
        path: path, byteCount: Int(status.st_size),
        lastUse: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
    }
  }

  private func removeOldest() {
    let objects = objects().sorted { ($0.lastUse, $0.path) < ($1.lastUse, $1.path) }
    var total = objects.reduce(0) { $0 + $1.byteCount }
    for object in objects {
      if total <= bound { return }
      remove(object.path)
      total -= object.byteCount
    }
  }

  /// How old, in seconds, a temporary file must be before it is taken for one that a killed process left: writing takes
  /// milliseconds.
  static let temporaryLifetime = 60

  /// Removes temporary files that nobody writes any more.
  func sweepTemporaries(olderThan seconds: Int = temporaryLifetime) {
    for name in fileNames(in: folder) where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      let path = "\(folder)/\(name)"
      let owner = name.split(separator: "-").dropFirst().first.flatMap { pid_t($0) }
      let isAlive = owner.map { kill($0, 0) == 0 || errno != ESRCH } ?? false
      // In time another process gets the number of a dead one.
      if isOlder(path, than: isAlive ? 60 * seconds : seconds) { unlink(path) }
    }
  }
}

/// The names in a folder, without `.` and `..`; none where it cannot be read.
func fileNames(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

/// Whether what is at `path` was last changed more than `seconds` ago.
func isOlder(_ path: String, than seconds: Int) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0 && time(nil) - status.st_mtim.tv_sec >= seconds
}
