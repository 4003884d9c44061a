@extends('layout', ['title' => 'Me'])

@section('content')
    <h1>Hello <span id="user">{{ $user->name }}</span></h1>
    <form method="post" action="{{ route('logout') }}">
        @csrf
        <button>Log out</button>
    </form>
@endsection
