@extends('layout', ['title' => 'Files'])

@section('content')
    <h1>Files</h1>
    <form method="post" action="{{ route('files') }}" enctype="multipart/form-data">
        @csrf
        <input type="file" name="file"> <button>Upload</button>
    </form>
    <ul>
        @foreach ($files as $file)
            <li><a href="{{ route('download', $file) }}">{{ $file }}</a></li>
        @endforeach
    </ul>
@endsection
