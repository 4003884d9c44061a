@extends('layout', ['title' => 'Notes'])

@section('content')
    <h1>Notes</h1>
    <form method="post" action="{{ route('notes') }}">
        @csrf
        <input name="text" value="{{ old('text') }}"> <button>Save</button>
    </form>
    <ul>
        @foreach ($notes as $note)
            <li>{{ $note->text }} ({{ $note->user?->name ?? 'anonymous' }})</li>
        @endforeach
    </ul>
    {{ $notes->links('pager') }}
@endsection
