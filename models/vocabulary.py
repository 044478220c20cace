"""The words of the model. The anonymized form has no others, so that the list is written down and not learnt.

Whoever changes the list changes what the weights mean: `FINGERPRINT` stands in the file of the weights and is compared
when they are loaded. The last words are spare, for what comes with Fortran and later without new shapes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def words_of(text: str) -> tuple[str, ...]:
    """A list of words, written as a text."""
    return tuple(text.split())


# Names of the program, by what they are. The first ones are the most frequent.
NAMES = {
    "v": 48,  # a variable that is used as a whole
    "a": 32,  # one that is subscripted or followed: array, pointer, container
    "f": 24,  # a function that is called
    "m": 24,  # a member
    "t": 16,  # a type
    "c": 16,  # a constant that is spelled out and not in NUMBERS
}

CONTROL = (
    "<pad>", "<begin>", "<end>", "<none>", "<ask>", "<cut>", "<code>", "<facts>", "<hole>", "<types>", "<calls>",
    "<c>", "<cpp>", "<fortran>", "<pragma>", "<rest>", "<choice>", "<intent>", "<mpi>", "<omp>", "<line>",
    "<string>", "<character>", "<other>", "<comment>",
)  # fmt: skip

STATUS = ("is-parallel", "is-dependent", "is-unknown", "is-proved", "is-likely", "is-possible")
ROLES = (
    "index", "private", "firstprivate", "lastprivate", "linear", "reduction", "shared-read", "shared-distinct", "local",
    "conflict",
)  # fmt: skip
REASONS = (
    "unknown-call", "scalar-reached", "varies", "scalar-carried", "pointer-varies", "not-canonical", "bound-varies",
    "io", "index-modified", "cast", "call", "subscript-range", "not-affine", "product", "unnamed-object", "may-alias",
    "unknown-statement", "tainted", "exit", "through-call-result", "thread-unsafe-call", "indirect-subscript",
    "guard-not-affine", "early-exit", "contains-directive", "bound-not-affine", "scan", "depends-on-parameters",
    "argmax", "symbolic-step", "running-value", "work-array", "array-sum", "carried-dependence", "no-reduction",
    "mixed-operators", "budget", "volatile", "undecided", "threadprivate", "sub-array", "rounding", "not-confirmed",
    "member-reduction", "index-reached", "implicit-call", "empty-loop",
)  # fmt: skip
ASSUMPTIONS = ("no-alias", "library", "definition", "independent-call", "distinct-index", "condition")

OPERATORS = words_of(
    "( ) [ ] { } ; , . -> :: : ? = += -= *= /= %= &= |= ^= <<= >>= == != < > <= >= && || ! + - * / % & | ^ ~ <<"
    " >> ++ -- ... .* ->* ** /= => # &&= ||="
)

NUMBERS = (
    *(str(n) for n in range(34)),
    *words_of("40 50 60 63 64 65 80 99 100 120 123 127 128 200 255 256 500 512 999 1000 1023 1024 2048 4096 10000"),
    *["0.0", "1.0", "2.0", "0.5", "0.25", "-1"],
)

KEYWORDS = words_of(
    "auto bool break case catch char class const const_cast constexpr continue decltype default delete do double"
    " dynamic_cast else enum explicit extern false float for friend goto if inline int long mutable namespace new"
    " noexcept nullptr operator private protected public register reinterpret_cast restrict return short signed"
    " sizeof static static_cast struct switch template this throw true try typedef typename union unsigned using"
    " virtual void volatile while _Bool _Complex __restrict __restrict__ alignas alignof"
)

TYPES = words_of(
    "size_t ssize_t ptrdiff_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t"
    " uint uchar ushort ulong FILE std"
)

# Types of C++ whose names are names of variables as well.
CPP_TYPES = words_of(
    "string vector array deque list map set unordered_map unordered_set pair tuple complex valarray span mdspan"
    " unique_ptr shared_ptr bitset queue stack mutex atomic thread ostream istream ofstream ifstream stringstream"
    " Eigen cv Mat int2 int3 int4 float2 float3 float4 double2 double3 double4"
)

CONSTANTS = words_of(
    "NULL M_PI M_E INT_MAX INT_MIN UINT_MAX LONG_MAX DBL_MAX DBL_MIN DBL_EPSILON FLT_MAX FLT_MIN FLT_EPSILON"
    " RAND_MAX EOF EXIT_SUCCESS EXIT_FAILURE stdout stderr stdin argc argv cout cerr endl BUFSIZ errno"
)

FUNCTIONS = words_of(
    "sqrt sqrtf cbrt exp expf exp2 log logf log2 log10 pow powf sin cos tan sinf cosf tanf asin acos atan atan2"
    " sinh cosh tanh fabs fabsf abs labs floor ceil round rint lround fmod fmin fmax fminf fmaxf hypot copysign"
    " isnan isinf erf lgamma tgamma fma trunc min max swap printf fprintf sprintf snprintf puts putchar scanf"
    " fscanf sscanf fopen fclose fread fwrite fgets fputs fflush getchar malloc calloc realloc free memcpy memset"
    " memmove memcmp strlen strcpy strncpy strcmp strncmp strcat strstr strchr strtok strdup atoi atof atol strtol"
    " strtod rand srand rand_r random drand48 erand48 qsort bsearch exit abort assert time clock gettimeofday"
    " clock_gettime sleep usleep getenv system perror isspace isdigit isalpha tolower toupper push_back"
    " emplace_back emplace pop_back size resize reserve begin end rbegin rend cbegin cend empty clear at front"
    " back insert erase find count data fill sort reverse accumulate transform copy lower_bound upper_bound unique"
    " first second get reset c_str substr append length str to_string make_pair make_tuple move forward"
    " numeric_limits real imag conj norm row col rows cols transpose dot cross squaredNorm normalize segment head"
    " tail block setZero Zero Ones Identity ptr width height depth lock unlock fetch_add load store"
    " omp_get_thread_num omp_get_num_threads omp_get_max_threads omp_set_num_threads omp_get_wtime"
    " omp_get_num_procs omp_in_parallel omp_init_lock omp_destroy_lock omp_set_lock omp_unset_lock omp_lock_t"
    " omp_set_nested __builtin_popcount __sync_fetch_and_add posix_memalign aligned_alloc"
)

MPI_CALLS = words_of(
    "Init Init_thread Finalize Finalized Initialized Abort Comm_rank Comm_size Comm_split Comm_split_type"
    " Comm_dup Comm_free Comm_create Comm_create_group Comm_group Comm_spawn Comm_spawn_multiple Comm_get_parent"
    " Comm_disconnect Comm_accept Comm_connect Comm_set_errhandler Comm_get_errhandler Comm_set_name Comm_get_name"
    " Comm_compare Comm_remote_size Comm_test_inter Comm_get_attr Comm_set_attr Comm_create_keyval"
    " Comm_free_keyval Comm_call_errhandler Comm_create_errhandler Intercomm_create Intercomm_merge Send Ssend"
    " Bsend Rsend Recv Isend Issend Ibsend Irsend Irecv Sendrecv Sendrecv_replace Send_init Ssend_init Bsend_init"
    " Rsend_init Recv_init Start Startall Request_free Wait Waitall Waitany Waitsome Test Testall Testany Testsome"
    " Cancel Test_cancelled Probe Iprobe Mprobe Improbe Mrecv Imrecv Get_count Get_elements Buffer_attach"
    " Buffer_detach Barrier Ibarrier Bcast Ibcast Gather Igather Gatherv Igatherv Scatter Iscatter Scatterv"
    " Iscatterv Allgather Iallgather Allgatherv Iallgatherv Alltoall Ialltoall Alltoallv Ialltoallv Alltoallw"
    " Reduce Ireduce Allreduce Iallreduce Reduce_scatter Reduce_scatter_block Scan Iscan Exscan Reduce_local"
    " Op_create Op_free Type_contiguous Type_vector Type_hvector Type_create_hvector Type_indexed"
    " Type_create_hindexed Type_create_indexed_block Type_struct Type_create_struct Type_create_subarray"
    " Type_create_darray Type_create_resized Type_commit Type_free Type_size Type_extent Type_get_extent Type_dup"
    " Type_get_name Type_set_name Address Get_address Aint_add Aint_diff Pack Unpack Pack_size Cart_create"
    " Cart_coords Cart_rank Cart_shift Cart_sub Cart_get Cartdim_get Dims_create Graph_create Dist_graph_create"
    " Dist_graph_create_adjacent Dist_graph_neighbors Dist_graph_neighbors_count Neighbor_allgather"
    " Neighbor_alltoall Neighbor_alltoallv Graph_neighbors Graph_neighbors_count Topo_test Group_incl Group_excl"
    " Group_free Group_rank Group_size Group_translate_ranks Group_union Group_intersection Group_difference"
    " Group_range_incl Group_compare Win_create Win_allocate Win_allocate_shared Win_create_dynamic Win_attach"
    " Win_detach Win_free Win_fence Win_lock Win_unlock Win_lock_all Win_unlock_all Win_flush Win_flush_all"
    " Win_flush_local Win_sync Win_shared_query Win_post Win_start Win_complete Win_wait Win_test Win_get_attr"
    " Win_get_group Win_set_errhandler Put Get Accumulate Get_accumulate Fetch_and_op Compare_and_swap Rput Rget"
    " Raccumulate File_open File_close File_delete File_read File_read_at File_read_at_all File_read_all"
    " File_read_ordered File_read_shared File_write File_write_at File_write_at_all File_write_all"
    " File_write_ordered File_write_shared File_seek File_seek_shared File_set_view File_get_view File_get_size"
    " File_set_size File_sync File_iwrite File_iread File_iread_at File_iwrite_at File_preallocate"
    " File_get_position File_get_byte_offset File_set_errhandler File_get_info Info_create Info_free Info_set"
    " Info_get Info_delete Info_dup Info_get_nkeys Info_get_nthkey Info_get_valuelen Wtime Wtick"
    " Get_processor_name Get_version Get_library_version Error_string Error_class Errhandler_set Errhandler_free"
    " Errhandler_create Alloc_mem Free_mem Attr_get Query_thread Is_thread_main Open_port Close_port Publish_name"
    " Lookup_name Unpublish_name Status_set_elements Status_set_cancelled Grequest_start Grequest_complete"
    " Request_get_status Pcontrol Session_init Session_finalize Psend_init Precv_init Pready Parrived"
    " Win_create_errhandler Win_call_errhandler File_create_errhandler File_call_errhandler Add_error_class"
    " Add_error_code Add_error_string"
)

MPI_WORDS = words_of(
    "COMM_WORLD COMM_SELF COMM_NULL COMM_TYPE_SHARED INT LONG LONG_LONG LONG_LONG_INT SHORT CHAR SIGNED_CHAR"
    " UNSIGNED_CHAR UNSIGNED UNSIGNED_INT UNSIGNED_LONG UNSIGNED_SHORT UNSIGNED_LONG_LONG FLOAT DOUBLE LONG_DOUBLE"
    " BYTE PACKED C_BOOL CXX_BOOL INT8_T INT16_T INT32_T INT64_T UINT8_T UINT16_T UINT32_T UINT64_T AINT OFFSET"
    " COUNT FLOAT_INT DOUBLE_INT LONG_INT 2INT SHORT_INT C_COMPLEX C_DOUBLE_COMPLEX C_FLOAT_COMPLEX DOUBLE_COMPLEX"
    " COMPLEX INTEGER REAL DOUBLE_PRECISION LOGICAL CHARACTER DATATYPE_NULL SUM PROD MAX MIN MAXLOC MINLOC LAND"
    " LOR LXOR BAND BOR BXOR REPLACE NO_OP OP_NULL ANY_SOURCE ANY_TAG PROC_NULL ROOT STATUS_IGNORE STATUSES_IGNORE"
    " REQUEST_NULL IN_PLACE BOTTOM SUCCESS ERR_OTHER ERRORS_RETURN ERRORS_ARE_FATAL ERRHANDLER_NULL INFO_NULL"
    " INFO_ENV GROUP_NULL GROUP_EMPTY WIN_NULL FILE_NULL MODE_RDONLY MODE_WRONLY MODE_RDWR MODE_CREATE MODE_EXCL"
    " MODE_DELETE_ON_CLOSE MODE_APPEND MODE_NOCHECK MODE_NOPRECEDE MODE_NOSTORE MODE_NOPUT MODE_NOSUCCEED SEEK_SET"
    " SEEK_CUR SEEK_END LOCK_EXCLUSIVE LOCK_SHARED THREAD_SINGLE THREAD_FUNNELED THREAD_SERIALIZED THREAD_MULTIPLE"
    " MAX_PROCESSOR_NAME MAX_ERROR_STRING MAX_PORT_NAME MAX_INFO_VAL MAX_INFO_KEY MAX_OBJECT_NAME"
    " MAX_LIBRARY_VERSION_STRING UNDEFINED KEYVAL_INVALID BSEND_OVERHEAD ORDER_C ORDER_FORTRAN UNIVERSE_SIZE"
    " TAG_UB WTIME_IS_GLOBAL APPNUM ARGV_NULL ERRCODES_IGNORE UNWEIGHTED WEIGHTS_EMPTY IDENT CONGRUENT SIMILAR"
    " UNEQUAL CART GRAPH DIST_GRAPH Comm Status Request Datatype Op Win Group Info File Aint Offset Count Message"
    " Errhandler Fint SOURCE TAG ERROR STATUS_SIZE Session"
)

DIRECTIVE_WORDS = words_of(
    "parallel for do simd taskloop loop target teams distribute sections single masked master task critical"
    " atomic barrier ordered nowait private firstprivate lastprivate shared reduction linear default none schedule"
    " static dynamic guided auto runtime monotonic nonmonotonic collapse num_threads if safelen simdlen aligned"
    " copyin copyprivate inscan conditional map to from tofrom alloc num_teams thread_limit grainsize num_tasks"
    " proc_bind close spread order concurrent max min omp section taskwait flush capture read write update seq_cst"
    " threadprivate scan inclusive exclusive depend in out inout sink source untied mergeable nogroup final"
    " workshare"
)

# What comments say about a loop; other words of a comment are passed over.
WORDS = words_of(
    "a all an and any are array as at be because before between block by cache can chunk chunks column combine"
    " compute computation copies cores cost costs count cyclic different each element elements equal equally even"
    " every fast first fixed fine free half handed has have here in independent inner instructions into irregular"
    " is it item its iteration iterations keep large largest last let load local logical long loops lots make many"
    " matrix maximum may minimum multiplication multiple multithread multithreaded needs nest no not number of on"
    " once one only openmp or order other outer over own parallelise parallelize parallelism part parts per pieces"
    " pool product race run running safe same scratch sequential serial share should size small smallest spawn"
    " speed split storage sum sums team that the their them there these this thread threads time times together"
    " total two uneven unequal use using value variable variables vary vector vectorise vectorize vectorized wait"
    " with without work workers workload write accumulate across add against balance balanced both build counter"
    " counts distribute divide do done every exchange extra flat give global given heavy must neighbours off out"
    " pass per private put rows row several shared take temporary tightly totals unrolled varies where which while"
    " workshare writes written your asynchronous broadcast everyone receive send gather scatter process processes"
    " rank"
)

FORTRAN = words_of(
    "program subroutine function module contains implicit integer logical character dimension allocatable intent"
    " parameter pointer contiguous allocate deallocate then elseif endif enddo end_do end_if call where elsewhere"
    " endwhere forall exit cycle select kind only result save pure elemental recursive interface procedure type"
    " precision stop print present sum product maxval minval matmul merge mod nint dble iand ior ieor ishft .and."
    " .or. .not. .eq. .ne. .lt. .le. .gt. .ge. .eqv. .neqv. .true. .false. end"
)

SIZE = 1536
_LISTS: tuple[Iterable[str], ...] = (
    CONTROL, STATUS, ROLES, REASONS, ASSUMPTIONS, OPERATORS, NUMBERS,
    (f"{kind}{i}" for kind, count in NAMES.items() for i in range(count)),
    KEYWORDS, TYPES, CPP_TYPES, CONSTANTS, FUNCTIONS, (f"MPI_{w}" for w in (*MPI_CALLS, *MPI_WORDS)), DIRECTIVE_WORDS,
    WORDS, FORTRAN,
)  # fmt: skip
_USED = tuple(dict.fromkeys(word for words in _LISTS for word in words))
ENTRIES = (*_USED, *(f"<spare{i}>" for i in range(SIZE - len(_USED))))
IDS = {word: i for i, word in enumerate(ENTRIES)}
FINGERPRINT = hashlib.sha256("\n".join(ENTRIES).encode()).hexdigest()[:16]

ALWAYS_KNOWN = frozenset((*KEYWORDS, *TYPES, *CONSTANTS))
KNOWN_CALLS = frozenset(FUNCTIONS)
KNOWN_MPI = frozenset(f"MPI_{w}" for w in (*MPI_CALLS, *MPI_WORDS))
MPI_FUNCTIONS = frozenset(f"MPI_{w}" for w in MPI_CALLS)


def encode(words: Iterable[str]) -> list[int]:
    """The numbers of words; what is no word of the model becomes `<other>`."""
    other = IDS["<other>"]
    return [IDS.get(word, other) for word in words]


def decode(ids: Iterable[int]) -> list[str]:
    """The words of numbers. Raises IndexError for numbers that are none."""
    return [ENTRIES[i] for i in ids]
