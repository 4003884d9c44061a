<p id="pager">page {{ $paginator->currentPage() }} of {{ $paginator->lastPage() }}
@if (!$paginator->onFirstPage())
    <a href="{{ $paginator->previousPageUrl() }}">newer</a>
@endif
@if ($paginator->hasMorePages())
    <a href="{{ $paginator->nextPageUrl() }}">older</a>
@endif
</p>
