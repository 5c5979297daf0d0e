/**
 * Names that a file can import from the standard library of its language. If a compiler does not know one of them, an
 * import is missing. Nobody who writes the code can mend that.
 */

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Classes of which `new` makes an object, by JDK 17: java.util, java.io, java.math, java.net, java.nio, java.text and java.time. */
const madeInJava = wordsOf(`
  AccessDeniedException Annotation ArrayBlockingQueue ArrayDeque ArrayList AtomicBoolean AtomicInteger
  AtomicIntegerArray AtomicLong AtomicLongArray AtomicMarkableReference AtomicMoveNotSupportedException
  AtomicReference AtomicReferenceArray AtomicStampedReference AttributedString Bidi BigDecimal BigInteger
  BindException BitSet BrokenBarrierException BufferOverflowException BufferUnderflowException
  BufferedInputStream BufferedOutputStream BufferedReader BufferedWriter ByteArrayInputStream
  ByteArrayOutputStream CancellationException CharArrayReader CharArrayWriter CharConversionException
  CharacterCodingException ChoiceFormat ClosedDirectoryStreamException ClosedFileSystemException
  ClosedWatchServiceException CoderMalfunctionError CompactNumberFormat CompletableFuture
  CompletionException ConcurrentHashMap ConcurrentLinkedDeque ConcurrentLinkedQueue
  ConcurrentModificationException ConcurrentSkipListMap ConcurrentSkipListSet ConnectException
  CookieManager CopyOnWriteArrayList CopyOnWriteArraySet CountDownLatch CyclicBarrier DataInputStream
  DataOutputStream DatagramPacket DatagramSocket Date DateFormatSymbols DateTimeException
  DateTimeFormatterBuilder DateTimeParseException DecimalFormat DecimalFormatSymbols DelayQueue
  DirectoryIteratorException DirectoryNotEmptyException DoubleAccumulator DoubleAdder
  DoubleSummaryStatistics DuplicateFormatFlagsException EOFException EmptyStackException EnumMap
  EventObject Exchanger ExecutionException ExecutorCompletionService FieldPosition File
  FileAlreadyExistsException FileDescriptor FileInputStream FileNotFoundException FileOutputStream
  FilePermission FileReader FileSystemAlreadyExistsException FileSystemException FileSystemLoopException
  FileSystemNotFoundException FileWriter FilterOutputStream ForkJoinPool
  FormatFlagsConversionMismatchException Formatter FormatterClosedException FutureTask GregorianCalendar
  HashMap HashSet Hashtable HttpCookie HttpRetryException IOError IOException IdentityHashMap
  IllegalCharsetNameException IllegalFormatCodePointException IllegalFormatConversionException
  IllegalFormatFlagsException IllegalFormatPrecisionException IllegalFormatWidthException
  IllformedLocaleException InetSocketAddress InputMismatchException InputStreamReader IntSummaryStatistics
  InterruptedIOException InvalidClassException InvalidMarkException InvalidObjectException
  InvalidPathException InvalidPropertiesFormatException LineNumberInputStream LineNumberReader
  LinkPermission LinkedBlockingDeque LinkedBlockingQueue LinkedHashMap LinkedHashSet LinkedList
  LinkedTransferQueue Locale LongAccumulator LongAdder LongSummaryStatistics MalformedInputException
  MalformedURLException MathContext MessageFormat MissingFormatArgumentException
  MissingFormatWidthException MissingResourceException MulticastSocket NetPermission
  NoRouteToHostException NoSuchElementException NoSuchFileException NotActiveException
  NotDirectoryException NotLinkException NotSerializableException ObjectInputStream ObjectOutputStream
  ObjectStreamField Observable OutputStreamWriter ParseException ParsePosition PasswordAuthentication
  PatternSyntaxException Phaser PipedInputStream PipedOutputStream PipedReader PipedWriter
  PortUnreachableException PrintStream PrintWriter PriorityBlockingQueue PriorityQueue Properties
  PropertyPermission PropertyResourceBundle ProtocolException ProviderMismatchException
  ProviderNotFoundException Proxy PushbackInputStream PushbackReader Random RandomAccessFile
  ReadOnlyBufferException ReadOnlyFileSystemException ReentrantLock ReentrantReadWriteLock
  RejectedExecutionException RuleBasedCollator Scanner ScheduledThreadPoolExecutor Semaphore
  SequenceInputStream SerializablePermission ServerSocket ServiceConfigurationError SimpleDateFormat
  SimpleTimeZone Socket SocketException SocketPermission SocketTimeoutException SplittableRandom Stack
  StampedLock StreamCorruptedException StreamTokenizer StringBufferInputStream StringCharacterIterator
  StringJoiner StringReader StringTokenizer StringWriter SubmissionPublisher SyncFailedException
  SynchronousQueue ThreadPoolExecutor TimeoutException Timer TooManyListenersException TreeMap TreeSet URI
  URISyntaxException URL URLClassLoader URLPermission UTFDataFormatException UUID UncheckedIOException
  UnknownFormatConversionException UnknownFormatFlagsException UnknownHostException
  UnknownServiceException UnmappableCharacterException UnsupportedCharsetException
  UnsupportedEncodingException UnsupportedTemporalTypeException Vector WeakHashMap WriteAbortedException
`);

/** Interfaces, abstract classes and classes without a public constructor in these packages. */
const otherInJava = wordsOf(`
  AbstractCollection AbstractExecutorService AbstractList AbstractMap AbstractOwnableSynchronizer
  AbstractQueue AbstractQueuedLongSynchronizer AbstractQueuedSynchronizer AbstractSequentialList
  AbstractSet AccessMode Arrays AtomicIntegerFieldUpdater AtomicLongFieldUpdater
  AtomicReferenceFieldUpdater AttributedCharacterIterator Authenticator Base64 BaseStream BiConsumer
  BiFunction BiPredicate BinaryOperator BlockingDeque BlockingQueue BooleanSupplier BreakIterator Buffer
  ByteBuffer ByteOrder CacheRequest CacheResponse Calendar Callable CharBuffer CharacterIterator Charset
  CharsetDecoder CharsetEncoder ChronoField ChronoUnit Clock Closeable CoderResult CodingErrorAction
  CollationElementIterator CollationKey Collator Collection Collections Collector Collectors Comparator
  CompletionService CompletionStage ConcurrentMap ConcurrentNavigableMap Condition Console Consumer
  ContentHandler ContentHandlerFactory CookieHandler CookiePolicy CookieStore CopyOption CountedCompleter
  Currency DataInput DataOutput DatagramSocketImpl DatagramSocketImplFactory DateFormat DateTimeFormatter
  DayOfWeek DecimalStyle Delayed Deque Dictionary DirectoryStream DoubleBinaryOperator DoubleBuffer
  DoubleConsumer DoubleFunction DoublePredicate DoubleStream DoubleSupplier DoubleToIntFunction
  DoubleToLongFunction DoubleUnaryOperator Duration EnumSet Enumeration EventListener EventListenerProxy
  Executor ExecutorService Executors Externalizable FileFilter FileNameMap FileStore FileSystem
  FileSystems FileVisitOption FileVisitResult FileVisitor FilenameFilter Files FilterInputStream
  FilterReader FilterWriter FloatBuffer Flow Flushable ForkJoinTask ForkJoinWorkerThread Format
  FormatStyle Formattable FormattableFlags Function Future HexFormat HttpURLConnection IDN
  IllegalFormatException Inet4Address Inet6Address InetAddress InputStream Instant InstantSource
  IntBinaryOperator IntBuffer IntConsumer IntFunction IntPredicate IntStream IntSupplier
  IntToDoubleFunction IntToLongFunction IntUnaryOperator InterfaceAddress IsoFields Iterator
  JarURLConnection JulianFields LinkOption List ListIterator ListResourceBundle LocalDate LocalDateTime
  LocalTime Lock LockSupport LongBinaryOperator LongBuffer LongConsumer LongFunction LongPredicate
  LongStream LongSupplier LongToDoubleFunction LongToIntFunction LongUnaryOperator Map MappedByteBuffer
  MatchResult Matcher Month MonthDay NavigableMap NavigableSet NetworkInterface Normalizer NumberFormat
  ObjDoubleConsumer ObjIntConsumer ObjLongConsumer ObjectInput ObjectInputFilter ObjectInputValidation
  ObjectOutput ObjectStreamClass ObjectStreamConstants ObjectStreamException Objects Observer
  OffsetDateTime OffsetTime OpenOption Optional OptionalDataException OptionalDouble OptionalInt
  OptionalLong OutputStream Path PathMatcher Paths Pattern Period Predicate PrimitiveIterator
  ProtocolFamily ProxySelector Queue RandomAccess ReadWriteLock Reader RecursiveAction RecursiveTask
  RejectedExecutionHandler ResolverStyle ResourceBundle ResponseCache RoundingMode RunnableFuture
  RunnableScheduledFuture ScheduledExecutorService ScheduledFuture SecureCacheResponse
  SecureDirectoryStream Serial Serializable ServiceLoader Set ShortBuffer SignStyle SimpleFileVisitor
  SocketAddress SocketImpl SocketImplFactory SocketOption SocketOptions SortedMap SortedSet Spliterator
  Spliterators StandardCharsets StandardCopyOption StandardOpenOption StandardProtocolFamily
  StandardSocketOptions StandardWatchEventKinds Stream StreamSupport Supplier Temporal TemporalAccessor
  TemporalAdjuster TemporalAdjusters TemporalAmount TemporalField TemporalQueries TemporalQuery
  TemporalUnit TextStyle ThreadFactory ThreadLocalRandom TimeUnit TimeZone TimerTask ToDoubleBiFunction
  ToDoubleFunction ToIntBiFunction ToIntFunction ToLongBiFunction ToLongFunction TransferQueue
  URLConnection URLDecoder URLEncoder URLStreamHandler URLStreamHandlerFactory UnaryOperator
  UnixDomainSocketAddress ValueRange WatchEvent WatchKey WatchService Watchable WeekFields Writer Year
  YearMonth ZoneId ZoneOffset ZonedDateTime
`);

/** Whether the class is one of Java's packages. A test that makes a `new Clock(8, 0)` means a class of the code. */
export const isOfJava = (name: string, text: string): boolean =>
  madeInJava.has(name) ||
  (otherInJava.has(name) && !new RegExp(`(?<![\\w.])${name}\\s*(?:<[^>]*>)?\\(`).test(text));

/** Types of .NET in System, its collections, IO, Linq, Net, Numerics, Text and Threading. */
const dotnet = wordsOf(`
  Action AggregateException ArgumentException ArgumentNullException ArgumentOutOfRangeException Array
  ArrayList Attribute BigInteger BitConverter BlockingCollection Buffer CancellationToken
  CancellationTokenSource ConcurrentBag ConcurrentDictionary ConcurrentQueue Console Convert CultureInfo
  DateOnly DateTime DateTimeKind DateTimeOffset DayOfWeek DBNull Dictionary Directory DirectoryInfo
  DivideByZeroException Encoding Enum Enumerable Environment EventArgs EventHandler Exception File
  FileInfo FileNotFoundException FileStream FormatException Func GC Guid HashSet HttpClient ICollection
  IComparable IComparer IDictionary IDisposable IEnumerable IEnumerator IEqualityComparer IEquatable
  IFormatProvider IList IReadOnlyCollection IReadOnlyDictionary IReadOnlyList ISet
  IndexOutOfRangeException InvalidCastException InvalidOperationException KeyNotFoundException
  KeyValuePair Lazy LinkedList List Math Memory MemoryStream MidpointRounding NotImplementedException
  NotSupportedException NullReferenceException NumberStyles ObservableCollection Obsolete
  OperationCanceledException OverflowException Path Predicate PriorityQueue Progress Queue Random
  ReadOnlySpan Regex SemaphoreSlim SortedDictionary SortedList SortedSet Span Stack Stopwatch Stream
  StreamReader StreamWriter StringBuilder StringComparer StringComparison StringReader StringWriter Task
  TaskCompletionSource TextReader TextWriter Thread TimeOnly TimeSpan TimeZoneInfo TimeoutException Tuple
  Type UnauthorizedAccessException Uri ValueTask ValueTuple Version
`);

export const isOfDotnet = (name: string): boolean => dotnet.has(name);

/** What C++ files name without `std::` if they are `using namespace std`. */
const standardCpp = wordsOf(`
  array bitset cerr cin cout deque endl forward_list function get ifstream initializer_list
  invalid_argument istringstream list logic_error make_pair make_shared make_tuple make_unique map move
  multimap multiset mutex nullopt ofstream optional ostringstream out_of_range pair priority_queue queue
  runtime_error set shared_ptr size_t span stack string string_view stringstream thread to_string tuple
  unique_ptr unordered_map unordered_set variant vector wstring
`);

export const isOfCpp = (name: string): boolean => standardCpp.has(name);
