"""The procedures of MPI 4.1 as rows of `section | names | parameters`.

A parameter is written by its name in the standard; `>` before it says that the call writes what it points to, `=` that
it reads and writes it, `*` behind it that it is an array. Its role follows from its name; `_` behind a name tells it
from one of another role. `mpi` reads the rows.
"""

from __future__ import annotations

from typing import Literal

Role = Literal[
    "buffer", "count", "datatype", "rank", "root", "tag", "communicator", "request", "status", "window", "info",
    "operation", "displacement", "group", "file", "message", "session", "flag", "size", "offset", "partition", "text",
    "attribute", "function", "errhandler", "code", "topology", "index", "mode", "position", "memory", "state",
]  # fmt: skip

NAMES: tuple[tuple[Role, str], ...] = (
    ("buffer", "buf buffer sendbuf recvbuf inbuf outbuf inoutbuf origin_addr result_addr compare_addr"),
    ("count", "count sendcount recvcount sendcounts recvcounts incount outcount origin_count result_count"
              " target_count blocklength array_of_blocklengths"),
    ("datatype", "datatype sendtype recvtype sendtypes recvtypes origin_datatype result_datatype target_datatype"
                 " oldtype newtype etype filetype array_of_types array_of_datatypes"),
    ("rank", "dest source rank target_rank local_leader remote_leader rank_source rank_dest ranks ranks1 ranks2"
             " ranges newrank neighbors sources destinations"),
    ("root", "root"),
    ("tag", "tag sendtag recvtag"),
    ("communicator", "comm newcomm comm_old comm_cart comm_graph comm_dist_graph comm1 comm2 local_comm peer_comm"
                     " newintercomm intercomm newintracomm parent"),
    ("request", "request array_of_requests"),
    ("status", "status array_of_statuses"),
    ("window", "win"),
    ("info", "info newinfo info_used array_of_info"),
    ("operation", "op"),
    ("displacement", "displs sdispls rdispls target_disp array_of_displacements stride lb extent true_lb"
                     " true_extent disp disp_unit displacement aint1 aint2"),
    ("group", "group newgroup group1 group2"),
    ("file", "fh"),
    ("message", "message"),
    ("session", "session"),
    ("flag", "flag reorder commute high periods remain_dims weighted"),
    ("size", "size outsize insize valuelen resultlen buflen maxprocs array_of_maxprocs nkeys"),
    ("offset", "offset"),
    ("partition", "partitions partition partition_low partition_high array_of_partitions"),
    ("text", "string name comm_name type_name win_name port_name service_name key value filename datarep command"
             " argv array_of_commands array_of_argv version pset_name"),
    ("attribute", "comm_keyval type_keyval win_keyval keyval attribute_val extra_state"),
    ("function", "comm_copy_attr_fn comm_delete_attr_fn type_copy_attr_fn type_delete_attr_fn win_copy_attr_fn"
                 " win_delete_attr_fn copy_fn delete_fn user_fn query_fn free_fn cancel_fn read_conversion_fn"
                 " write_conversion_fn dtype_file_extent_fn errhandler_fn"),
    ("errhandler", "errhandler"),
    ("code", "errorcode errorclass array_of_errcodes result"),
    ("topology", "ndims dims coords maxdims direction nnodes index edges maxindex maxedges nneighbors maxneighbors"
                 " nedges n degrees weights indegree outdegree sourceweights destweights maxindegree maxoutdegree"
                 " array_of_gsizes array_of_distribs array_of_dargs array_of_psizes array_of_sizes"
                 " array_of_subsizes array_of_starts"),
    ("index", "index_ array_of_indices"),
    ("mode", "assert lock_type amode whence split_type required provided color order typeclass combiner level p r"
             " key_ topology"),
    ("position", "position"),
    ("memory", "base baseptr location address"),
    ("state", "argc argv_ fd subversion num_integers num_addresses num_datatypes num_large_counts max_integers"
              " max_addresses max_datatypes max_large_counts array_of_integers array_of_addresses"
              " array_of_large_counts npset_names npsets"),
)  # fmt: skip

POINT_TO_POINT = """
    3.2.1   | Send Bsend Ssend Rsend | buf count datatype dest tag comm
    3.2.4   | Recv                   | >buf count datatype source tag comm >status
    3.8.1   | Probe                  | source tag comm >status
    3.8.2   | Mprobe                 | source tag comm >message >status
    3.8.3   | Mrecv                  | >buf count datatype =message >status
    3.10    | Sendrecv               | sendbuf sendcount sendtype dest sendtag >recvbuf recvcount recvtype source recvtag comm >status
    3.10    | Sendrecv_replace       | =buf count datatype dest sendtag source recvtag comm >status
    3.7.3   | Wait                   | =request >status
    3.7.5   | Waitany                | count =array_of_requests* >index_ >status
    3.7.5   | Waitall                | count =array_of_requests* >array_of_statuses*
    3.7.5   | Waitsome               | incount =array_of_requests* >outcount >array_of_indices* >array_of_statuses*
"""
STARTED = """
    3.7.2   | Isend Ibsend Issend Irsend | buf count datatype dest tag comm >request
    3.7.2   | Irecv                      | >buf count datatype source tag comm >request
    3.8.3   | Imrecv                     | >buf count datatype =message >request
    3.10    | Isendrecv                  | sendbuf sendcount sendtype dest sendtag >recvbuf recvcount recvtype source recvtag comm >request
    3.10    | Isendrecv_replace          | =buf count datatype dest sendtag source recvtag comm >request
    12.3.5  | Rput                       | origin_addr origin_count origin_datatype target_rank target_disp target_count target_datatype win >request
    12.3.5  | Rget                       | >origin_addr origin_count origin_datatype target_rank target_disp target_count target_datatype win >request
    12.3.5  | Raccumulate                | origin_addr origin_count origin_datatype target_rank target_disp target_count target_datatype op win >request
    12.3.5  | Rget_accumulate            | origin_addr origin_count origin_datatype >result_addr result_count result_datatype target_rank target_disp target_count target_datatype op win >request
    14.4.2  | File_iread_at              | fh offset >buf count datatype >request
    14.4.2  | File_iwrite_at             | fh offset buf count datatype >request
    14.4.3  | File_iread                 | fh >buf count datatype >request
    14.4.3  | File_iwrite                | fh buf count datatype >request
    14.4.4  | File_iread_shared          | fh >buf count datatype >request
    14.4.4  | File_iwrite_shared         | fh buf count datatype >request
"""
MADE_TO_BE_STARTED = """
    3.9     | Send_init Bsend_init Ssend_init Rsend_init | buf count datatype dest tag comm >request
    3.9     | Recv_init  | >buf count datatype source tag comm >request
    4.2.1   | Psend_init | buf partitions count datatype dest tag comm info >request
    4.2.1   | Precv_init | >buf partitions count datatype source tag comm info >request
"""
COLLECTIVE = """
    6.3     | Barrier               | comm
    6.4     | Bcast                 | =buffer count datatype root comm
    6.5     | Gather                | sendbuf sendcount sendtype >recvbuf recvcount recvtype root comm
    6.5     | Gatherv               | sendbuf sendcount sendtype >recvbuf recvcounts* displs* recvtype root comm
    6.6     | Scatter               | sendbuf sendcount sendtype >recvbuf recvcount recvtype root comm
    6.6     | Scatterv              | sendbuf sendcounts* displs* sendtype >recvbuf recvcount recvtype root comm
    6.7     | Allgather             | sendbuf sendcount sendtype >recvbuf recvcount recvtype comm
    6.7     | Allgatherv            | sendbuf sendcount sendtype >recvbuf recvcounts* displs* recvtype comm
    6.8     | Alltoall              | sendbuf sendcount sendtype >recvbuf recvcount recvtype comm
    6.8     | Alltoallv             | sendbuf sendcounts* sdispls* sendtype >recvbuf recvcounts* rdispls* recvtype comm
    6.8     | Alltoallw             | sendbuf sendcounts* sdispls* sendtypes* >recvbuf recvcounts* rdispls* recvtypes* comm
    6.9.1   | Reduce                | sendbuf >recvbuf count datatype op root comm
    6.9.6   | Allreduce             | sendbuf >recvbuf count datatype op comm
    6.10.1  | Reduce_scatter_block  | sendbuf >recvbuf recvcount datatype op comm
    6.10.2  | Reduce_scatter        | sendbuf >recvbuf recvcounts* datatype op comm
    6.11.1  | Scan                  | sendbuf >recvbuf count datatype op comm
    6.11.2  | Exscan                | sendbuf >recvbuf count datatype op comm
    8.6.1   | Neighbor_allgather    | sendbuf sendcount sendtype >recvbuf recvcount recvtype comm
    8.6.1   | Neighbor_allgatherv   | sendbuf sendcount sendtype >recvbuf recvcounts* displs* recvtype comm
    8.6.2   | Neighbor_alltoall     | sendbuf sendcount sendtype >recvbuf recvcount recvtype comm
    8.6.2   | Neighbor_alltoallv    | sendbuf sendcounts* sdispls* sendtype >recvbuf recvcounts* rdispls* recvtype comm
    8.6.2   | Neighbor_alltoallw    | sendbuf sendcounts* sdispls* sendtypes* >recvbuf recvcounts* rdispls* recvtypes* comm
"""
COLLECTIVE_ONCE = """
    7.4.2   | Comm_dup              | comm >newcomm
    7.4.2   | Comm_dup_with_info    | comm info >newcomm
    7.4.2   | Comm_create           | comm group >newcomm
    7.4.2   | Comm_create_group     | comm group tag >newcomm
    7.4.2   | Comm_split            | comm color key_ >newcomm
    7.4.2   | Comm_split_type       | comm split_type key_ info >newcomm
    7.4.2   | Comm_create_from_group | group string info errhandler >newcomm
    7.4.3   | Comm_free             | =comm
    7.6.2   | Intercomm_create      | local_comm local_leader peer_comm remote_leader tag >newintercomm
    7.6.2   | Intercomm_create_from_groups | group1 local_leader group2 remote_leader string info errhandler >newintercomm
    7.6.2   | Intercomm_merge       | intercomm high >newintracomm
    8.5.1   | Cart_create           | comm_old ndims dims* periods* reorder >comm_cart
    8.5.3   | Graph_create          | comm_old nnodes index* edges* reorder >comm_graph
    8.5.4   | Dist_graph_create     | comm_old n sources* degrees* destinations* weights* info reorder >comm_dist_graph
    8.5.4   | Dist_graph_create_adjacent | comm_old indegree sources* sourceweights* outdegree destinations* destweights* info reorder >comm_dist_graph
    8.5.7   | Cart_sub              | comm remain_dims* >newcomm
    11.2.1  | Init                  | =argc =argv_
    11.2.1  | Init_thread           | =argc =argv_ required >provided
    11.2.2  | Finalize              |
    11.8.2  | Comm_spawn            | command argv* maxprocs info root comm >intercomm >array_of_errcodes*
    11.8.3  | Comm_spawn_multiple   | count array_of_commands* array_of_argv* array_of_maxprocs* array_of_info* root comm >intercomm >array_of_errcodes*
    11.9.2  | Comm_accept           | port_name info root comm >newcomm
    11.9.3  | Comm_connect          | port_name info root comm >newcomm
    11.10.4 | Comm_disconnect       | =comm
    12.2.1  | Win_create            | base size disp_unit info comm >win
    12.2.2  | Win_allocate          | size disp_unit info comm >baseptr >win
    12.2.3  | Win_allocate_shared   | size disp_unit info comm >baseptr >win
    12.2.4  | Win_create_dynamic    | info comm >win
    12.2.5  | Win_free              | =win
    12.5.1  | Win_fence             | assert win
    14.2.1  | File_open             | comm filename amode info >fh
    14.2.2  | File_close            | =fh
    14.2.4  | File_set_size         | fh size
    14.2.5  | File_preallocate      | fh size
    14.2.8  | File_set_info         | fh info
    14.3    | File_set_view         | fh disp etype filetype datarep info
    14.4.2  | File_read_at_all      | fh offset >buf count datatype >status
    14.4.2  | File_write_at_all     | fh offset buf count datatype >status
    14.4.3  | File_read_all         | fh >buf count datatype >status
    14.4.3  | File_write_all        | fh buf count datatype >status
    14.4.4  | File_read_ordered     | fh >buf count datatype >status
    14.4.4  | File_write_ordered    | fh buf count datatype >status
    14.4.4  | File_seek_shared      | fh offset whence
    14.4.5  | File_read_at_all_begin   | fh offset >buf count datatype
    14.4.5  | File_write_at_all_begin  | fh offset buf count datatype
    14.4.5  | File_read_all_begin File_read_ordered_begin       | fh >buf count datatype
    14.4.5  | File_write_all_begin File_write_ordered_begin     | fh buf count datatype
    14.4.5  | File_read_at_all_end File_read_all_end File_read_ordered_end    | fh >buf >status
    14.4.5  | File_write_at_all_end File_write_all_end File_write_ordered_end | fh buf >status
    14.6.1  | File_set_atomicity    | fh flag
    14.6.1  | File_sync             | fh
"""
COLLECTIVE_STARTED = """
    7.4.2   | Comm_idup             | comm >newcomm >request
    7.4.2   | Comm_idup_with_info   | comm info >newcomm >request
    14.4.2  | File_iread_at_all     | fh offset >buf count datatype >request
    14.4.2  | File_iwrite_at_all    | fh offset buf count datatype >request
    14.4.3  | File_iread_all        | fh >buf count datatype >request
    14.4.3  | File_iwrite_all       | fh buf count datatype >request
"""
ONE_SIDED = """
    12.3.1  | Put                   | origin_addr origin_count origin_datatype target_rank target_disp target_count target_datatype win
    12.3.2  | Get                   | >origin_addr origin_count origin_datatype target_rank target_disp target_count target_datatype win
    12.3.4  | Accumulate            | origin_addr origin_count origin_datatype target_rank target_disp target_count target_datatype op win
    12.3.4  | Get_accumulate        | origin_addr origin_count origin_datatype >result_addr result_count result_datatype target_rank target_disp target_count target_datatype op win
    12.3.4  | Fetch_and_op          | origin_addr >result_addr datatype target_rank target_disp op win
    12.3.4  | Compare_and_swap      | origin_addr compare_addr >result_addr datatype target_rank target_disp win
"""
WAITING = """
    12.5.2  | Win_start Win_post    | group assert win
    12.5.2  | Win_complete Win_wait | win
    12.5.3  | Win_lock              | lock_type rank assert win
    12.5.3  | Win_lock_all          | assert win
    12.5.3  | Win_unlock            | rank win
    12.5.3  | Win_unlock_all        | win
    12.5.4  | Win_flush Win_flush_local | rank win
    12.5.4  | Win_flush_all Win_flush_local_all Win_sync | win
    14.4.2  | File_read_at          | fh offset >buf count datatype >status
    14.4.2  | File_write_at         | fh offset buf count datatype >status
    14.4.3  | File_read             | fh >buf count datatype >status
    14.4.3  | File_write            | fh buf count datatype >status
    14.4.4  | File_read_shared      | fh >buf count datatype >status
    14.4.4  | File_write_shared     | fh buf count datatype >status
    11.10.4 | Comm_join             | fd >intercomm
"""
LOCAL = """
    3.2.5   | Get_count             | status datatype >count
    3.6     | Buffer_attach         | buffer size
    3.6     | Buffer_detach         | >baseptr >size
    3.6     | Buffer_flush          |
    3.7.3   | Test                  | =request >flag >status
    3.7.3   | Request_free          | =request
    3.7.5   | Testany               | count =array_of_requests* >index_ >flag >status
    3.7.5   | Testall               | count =array_of_requests* >flag >array_of_statuses*
    3.7.5   | Testsome              | incount =array_of_requests* >outcount >array_of_indices* >array_of_statuses*
    3.7.6   | Request_get_status    | request >flag >status
    3.8.1   | Iprobe                | source tag comm >flag >status
    3.8.2   | Improbe               | source tag comm >flag >message >status
    3.8.4   | Cancel                | =request
    3.8.4   | Test_cancelled        | status >flag
    3.9     | Start                 | =request
    3.9     | Startall              | count =array_of_requests*
    4.2.1   | Pready                | partition request
    4.2.1   | Pready_range          | partition_low partition_high request
    4.2.1   | Pready_list           | partitions array_of_partitions* request
    4.2.2   | Parrived              | request partition >flag
    5.1.2   | Type_contiguous       | count oldtype >newtype
    5.1.2   | Type_vector Type_create_hvector | count blocklength stride oldtype >newtype
    5.1.2   | Type_indexed Type_create_hindexed | count array_of_blocklengths* array_of_displacements* oldtype >newtype
    5.1.2   | Type_create_indexed_block Type_create_hindexed_block | count blocklength array_of_displacements* oldtype >newtype
    5.1.2   | Type_create_struct    | count array_of_blocklengths* array_of_displacements* array_of_types* >newtype
    5.1.3   | Type_create_subarray  | ndims array_of_sizes* array_of_subsizes* array_of_starts* order oldtype >newtype
    5.1.4   | Type_create_darray    | size rank ndims array_of_gsizes* array_of_distribs* array_of_dargs* array_of_psizes* order oldtype >newtype
    5.1.5   | Get_address           | location >address
    5.1.5   | Type_size Type_size_x | datatype >size
    5.1.7   | Type_get_extent Type_get_extent_x | datatype >lb >extent
    5.1.7   | Type_create_resized   | oldtype lb extent >newtype
    5.1.8   | Type_get_true_extent Type_get_true_extent_x | datatype >true_lb >true_extent
    5.1.9   | Type_commit           | =datatype
    5.1.9   | Type_free             | =datatype
    5.1.10  | Type_dup              | oldtype >newtype
    5.1.11  | Get_elements Get_elements_x | status datatype >count
    5.1.13  | Type_get_envelope     | datatype >num_integers >num_addresses >num_datatypes >combiner
    5.1.13  | Type_get_contents     | datatype max_integers max_addresses max_datatypes >array_of_integers* >array_of_addresses* >array_of_datatypes*
    5.2     | Pack                  | inbuf incount datatype >outbuf outsize =position comm
    5.2     | Unpack                | inbuf insize =position >outbuf outcount datatype comm
    5.2     | Pack_size             | incount datatype comm >size
    5.3     | Pack_external         | datarep inbuf incount datatype >outbuf outsize =position
    5.3     | Unpack_external       | datarep inbuf insize =position >outbuf outcount datatype
    5.3     | Pack_external_size    | datarep incount datatype >size
    6.9.5   | Op_create             | user_fn commute >op
    6.9.5   | Op_free               | =op
    6.9.7   | Reduce_local          | inbuf =inoutbuf count datatype op
    6.9.8   | Op_commutative        | op >flag
    7.3.1   | Group_size            | group >size
    7.3.1   | Group_rank            | group >rank
    7.3.1   | Group_translate_ranks | group1 n ranks1* group2 >ranks2*
    7.3.1   | Group_compare         | group1 group2 >result
    7.3.2   | Comm_group Comm_remote_group | comm >group
    7.3.2   | Group_union Group_intersection Group_difference | group1 group2 >newgroup
    7.3.2   | Group_incl Group_excl | group n ranks* >newgroup
    7.3.2   | Group_range_incl Group_range_excl | group n ranges* >newgroup
    7.3.2   | Group_from_session_pset | session pset_name >newgroup
    7.3.3   | Group_free            | =group
    7.4.1   | Comm_size Comm_remote_size | comm >size
    7.4.1   | Comm_rank             | comm >rank
    7.4.1   | Comm_compare          | comm1 comm2 >result
    7.4.4   | Comm_set_info         | comm info
    7.4.4   | Comm_get_info         | comm >info_used
    7.6.1   | Comm_test_inter       | comm >flag
    7.7.2   | Comm_create_keyval    | comm_copy_attr_fn comm_delete_attr_fn >comm_keyval extra_state
    7.7.2   | Comm_free_keyval      | =comm_keyval
    7.7.2   | Comm_set_attr         | comm comm_keyval attribute_val
    7.7.2   | Comm_get_attr         | comm comm_keyval >attribute_val >flag
    7.7.2   | Comm_delete_attr      | comm comm_keyval
    7.7.3   | Win_create_keyval     | win_copy_attr_fn win_delete_attr_fn >win_keyval extra_state
    7.7.3   | Win_free_keyval       | =win_keyval
    7.7.3   | Win_set_attr          | win win_keyval attribute_val
    7.7.3   | Win_get_attr          | win win_keyval >attribute_val >flag
    7.7.3   | Win_delete_attr       | win win_keyval
    7.7.4   | Type_create_keyval    | type_copy_attr_fn type_delete_attr_fn >type_keyval extra_state
    7.7.4   | Type_free_keyval      | =type_keyval
    7.7.4   | Type_set_attr         | datatype type_keyval attribute_val
    7.7.4   | Type_get_attr         | datatype type_keyval >attribute_val >flag
    7.7.4   | Type_delete_attr      | datatype type_keyval
    7.8     | Comm_set_name         | comm comm_name
    7.8     | Comm_get_name         | comm >comm_name >resultlen
    7.8     | Type_set_name         | datatype type_name
    7.8     | Type_get_name         | datatype >type_name >resultlen
    7.8     | Win_set_name          | win win_name
    7.8     | Win_get_name          | win >win_name >resultlen
    8.5.2   | Dims_create           | nnodes ndims =dims*
    8.5.5   | Topo_test             | comm >topology
    8.5.5   | Graphdims_get         | comm >nnodes >nedges
    8.5.5   | Graph_get             | comm maxindex maxedges >index* >edges*
    8.5.5   | Cartdim_get           | comm >ndims
    8.5.5   | Cart_get              | comm maxdims >dims* >periods* >coords*
    8.5.5   | Cart_rank             | comm coords* >rank
    8.5.5   | Cart_coords           | comm rank maxdims >coords*
    8.5.5   | Graph_neighbors_count | comm rank >nneighbors
    8.5.5   | Graph_neighbors       | comm rank maxneighbors >neighbors*
    8.5.5   | Dist_graph_neighbors_count | comm >indegree >outdegree >weighted
    8.5.5   | Dist_graph_neighbors  | comm maxindegree >sources* >sourceweights* maxoutdegree >destinations* >destweights*
    8.5.6   | Cart_shift            | comm direction disp >rank_source >rank_dest
    8.5.8   | Cart_map              | comm ndims dims* periods* >newrank
    8.5.8   | Graph_map             | comm nnodes index* edges* >newrank
    9.1.1   | Get_version           | >version >subversion
    9.1.1   | Get_library_version   | >version >resultlen
    9.1.2   | Get_processor_name    | >name >resultlen
    9.2     | Alloc_mem             | size info >baseptr
    9.2     | Free_mem              | base
    9.3.1   | Comm_create_errhandler | errhandler_fn >errhandler
    9.3.1   | Comm_set_errhandler   | comm errhandler
    9.3.1   | Comm_get_errhandler   | comm >errhandler
    9.3.2   | Win_create_errhandler | errhandler_fn >errhandler
    9.3.2   | Win_set_errhandler    | win errhandler
    9.3.2   | Win_get_errhandler    | win >errhandler
    9.3.3   | File_create_errhandler | errhandler_fn >errhandler
    9.3.3   | File_set_errhandler   | fh errhandler
    9.3.3   | File_get_errhandler   | fh >errhandler
    9.3.4   | Session_create_errhandler | errhandler_fn >errhandler
    9.3.4   | Session_set_errhandler | session errhandler
    9.3.4   | Session_get_errhandler | session >errhandler
    9.3.5   | Errhandler_free       | =errhandler
    9.3.5   | Error_string          | errorcode >string >resultlen
    9.4     | Error_class           | errorcode >errorclass
    9.5     | Add_error_class       | >errorclass
    9.5     | Add_error_code        | errorclass >errorcode
    9.5     | Add_error_string      | errorcode string
    9.5     | Comm_call_errhandler  | comm errorcode
    9.5     | Win_call_errhandler   | win errorcode
    9.5     | File_call_errhandler  | fh errorcode
    9.5     | Session_call_errhandler | session errorcode
    10      | Info_create           | >info
    10      | Info_set              | info key value
    10      | Info_delete           | info key
    10      | Info_get_string       | info key =buflen >value >flag
    10      | Info_get_nkeys        | info >nkeys
    10      | Info_get_nthkey       | info n >key
    10      | Info_dup              | info >newinfo
    10      | Info_free             | =info
    10      | Info_create_env       | argc argv* >info
    11.3.1  | Session_init          | info errhandler >session
    11.3.1  | Session_finalize      | =session
    11.3.2  | Session_get_num_psets | session info >npset_names
    11.3.2  | Session_get_nth_pset  | session info n =buflen >pset_name
    11.3.2  | Session_get_info      | session >info_used
    11.3.2  | Session_get_pset_info | session pset_name >info
    11.2.3  | Initialized Finalized Is_thread_main | >flag
    11.2.4  | Abort                 | comm errorcode
    11.6    | Query_thread          | >provided
    11.8.2  | Comm_get_parent       | >parent
    11.9.2  | Open_port             | info >port_name
    11.9.2  | Close_port            | port_name
    11.9.4  | Publish_name Unpublish_name | service_name info port_name
    11.9.4  | Lookup_name           | service_name info >port_name
    12.2.3  | Win_shared_query      | win rank >size >disp_unit >baseptr
    12.2.4  | Win_attach            | win base size
    12.2.4  | Win_detach            | win base
    12.2.6  | Win_get_group         | win >group
    12.2.7  | Win_set_info          | win info
    12.2.7  | Win_get_info          | win >info_used
    12.5.2  | Win_test              | win >flag
    13.2    | Grequest_start        | query_fn free_fn cancel_fn extra_state >request
    13.2    | Grequest_complete     | request
    13.3    | Status_set_elements Status_set_elements_x | =status datatype count
    13.3    | Status_set_cancelled  | =status flag
    14.2.3  | File_delete           | filename info
    14.2.6  | File_get_size         | fh >size
    14.2.7  | File_get_group        | fh >group
    14.2.7  | File_get_amode        | fh >amode
    14.2.8  | File_get_info         | fh >info_used
    14.3    | File_get_view         | fh >disp >etype >filetype >datarep
    14.4.3  | File_seek             | fh offset whence
    14.4.3  | File_get_position     | fh >offset
    14.4.3  | File_get_byte_offset  | fh offset >disp
    14.4.4  | File_get_position_shared | fh >offset
    14.5.1  | File_get_type_extent  | fh datatype >extent
    14.5.3  | Register_datarep      | datarep read_conversion_fn write_conversion_fn dtype_file_extent_fn extra_state
    14.6.1  | File_get_atomicity    | fh >flag
    15.2.3  | Pcontrol              | level
    19.1.9  | Type_create_f90_integer | r >newtype
    19.1.9  | Type_create_f90_real Type_create_f90_complex | p r >newtype
    19.1.9  | Type_match_size       | typeclass size >datatype
"""
VALUES = """
    5.1.5   | Aint_add  | aint1 aint2
    5.1.5   | Aint_diff | aint1 aint2
    9.6     | Wtime Wtick |
"""
# Deprecated (chapter 16) and removed (chapter 17) procedures, and what takes their place.
OLD = """
    16.1    | Keyval_create=Comm_create_keyval        | copy_fn delete_fn >keyval extra_state
    16.1    | Keyval_free=Comm_free_keyval            | =keyval
    16.1    | Attr_put=Comm_set_attr                  | comm keyval attribute_val
    16.1    | Attr_get=Comm_get_attr                  | comm keyval >attribute_val >flag
    16.1    | Attr_delete=Comm_delete_attr            | comm keyval
    16.3    | Info_get=Info_get_string                | info key valuelen >value >flag
    16.3    | Info_get_valuelen=Info_get_string       | info key >valuelen >flag
    17.1    | Address=Get_address                     | location >address
    17.1    | Errhandler_create=Comm_create_errhandler | errhandler_fn >errhandler
    17.1    | Errhandler_get=Comm_get_errhandler      | comm >errhandler
    17.1    | Errhandler_set=Comm_set_errhandler      | comm errhandler
    17.1    | Type_extent=Type_get_extent             | datatype >extent
    17.1    | Type_hindexed=Type_create_hindexed      | count array_of_blocklengths* array_of_displacements* oldtype >newtype
    17.1    | Type_hvector=Type_create_hvector        | count blocklength stride oldtype >newtype
    17.1    | Type_lb=Type_get_extent                 | datatype >lb
    17.1    | Type_ub=Type_get_extent                 | datatype >extent
    17.1    | Type_struct=Type_create_struct          | count array_of_blocklengths* array_of_displacements* array_of_types* >newtype
"""
